"""The doctor's way to the server, from the cable to the live connection; each step leans on the one before."""

from __future__ import annotations

import asyncio
import ipaddress
import socket as sockets
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from clutch_tui.config.rules import is_loopback
from clutch_tui.core.clock import Clock, SystemClock
from clutch_tui.net.client.egress import proxies_from_environment, proxy_for
from clutch_tui.net.client.errors import INCOMPLETE, ApiError, Kind
from clutch_tui.net.endpoint_tester.server_times import moment
from clutch_tui.net.monitor import Monitor
from clutch_tui.security.redaction import hide_text
from clutch_tui.support.doctor import Check, Finding, aside

if TYPE_CHECKING:
    from clutch_tui.config.settings import Settings
    from clutch_tui.net.client.api import Api
    from clutch_tui.net.client.session import Session

SLOW_MS = 1500
ENDS_SOON = timedelta(days=14)
CLOCK_OFF, CLOCK_WRONG = 30.0, 300.0
"""Seconds between our clock and the server's that are worth a word, and that spoil dates and tokens."""

_WHO_ASKS = frozenset({Kind.UNAUTHORIZED, Kind.SIGNED_OUT, Kind.NOT_SIGNED_IN, Kind.FORBIDDEN})
_STRANGE = frozenset({Kind.MISSING_ROUTE, Kind.NOT_BACKEND, Kind.NOT_JSON, Kind.REDIRECTED, Kind.PORTAL})
"""What a proxy, the page of a network that wants a sign-in, or a wrong path brings."""
_EXPIRED, _NOT_YET = 10, 9  # OpenSSL's X509_V_ERR_*
_WRONG_NAME = frozenset({62, 64})
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: to be told the dates of a certificate that has ended
_NOWHERE = (("192.0.2.1", sockets.AF_INET), ("2001:db8::1", sockets.AF_INET6))  # for documentation: nobody answers

Resolve = Callable[[str, int], list[str]]
Proxies = Callable[[str], Mapping[str, str]]


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. Blocks; raises `socket.gaierror`."""
    entries = sockets.getaddrinfo(host, port, type=sockets.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def own_address() -> str | None:
    """The address that this machine would send from; None where there is no way out. Sends nothing: connecting
    a datagram socket only looks for the route."""
    for address, family in _NOWHERE:
        try:
            with sockets.socket(family, sockets.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
                return str(probe.getsockname()[0])
        except OSError:
            continue
    return None


class NetworkChecks:
    """One look at the way to one backend. What asks the machine (`resolve`, `proxies`, `own_address`) can be
    handed in."""

    def __init__(
        self,
        settings: Settings,
        api: Api,
        session: Session,
        *,
        device_id: str,
        clock: Clock | None = None,
        resolve: Resolve = resolve,
        proxies: Proxies = proxies_from_environment,
        own_address: Callable[[], str | None] = own_address,
    ) -> None:
        self._settings = settings
        self._api = api
        self._session = session
        self._device_id = device_id
        self._clock = clock or SystemClock()
        self._resolve = resolve
        self._proxies = proxies
        self._own_address = own_address
        parts = urlsplit(settings.backend.base_url)
        self._host = parts.hostname or ""
        self._is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._is_here = is_loopback(self._host)
        self._proxy = ""
        self._date: str | None = None

    def checks(self) -> tuple[Check, ...]:
        """In their order; `config` and `credentials` are somebody else's."""
        connecting = self._settings.backend.connect_timeout + 1
        answering = self._settings.backend.read_timeout + 1
        return (
            Check("network", self.network, ("config",)),
            Check("proxy", self.proxy, ("config",)),
            Check("dns", self.dns, ("config", "network")),
            Check("tcp", self.tcp, ("dns",), connecting),
            Check("tls", self.tls, ("tcp",), connecting * 2),
            Check("http", self.http, ("tcp", "tls"), answering),
            Check("clock", self.clock, ("http",), answering),
            Check("access", self.access, ("http", "credentials"), answering),
            Check("socket", self.socket, ("http", "credentials"), answering),
        )

    # --- the line -------------------------------------------------------------------------------------

    async def network(self) -> Finding:
        if self._is_here:
            return Finding("network", "local")
        address = await aside(self._own_address)
        if address:
            return Finding("network", "up", {"address": address})
        if await aside(self._leads_here):
            return Finding("network", "local")
        return Finding("network", "none")

    def _leads_here(self) -> bool:
        """Tell whether the way ends on this machine, by the name's own address or by a proxy's here: then no network is
        needed for the first step."""
        self._proxy = self._find_proxy()
        host, port = self._first_hop()
        try:
            return is_loopback(host) or all(is_loopback(address) for address in self._resolve(host, port))
        except OSError:
            return False

    async def proxy(self) -> Finding:
        self._proxy = await aside(self._find_proxy)
        if not self._proxy:
            return Finding("proxy", "none")
        return Finding("proxy", "used", {"proxy": hide_text(self._proxy)})

    def _find_proxy(self) -> str:
        """As the client chooses."""
        return proxy_for(self._settings.backend, self._settings.backend.base_url, self._proxies(self._host))

    async def dns(self) -> Finding:
        """The server's name, or the proxy's: behind one it is the proxy who asks for the server's."""
        host, port = self._first_hop()
        try:
            ipaddress.ip_address(host)
        except ValueError:
            pass
        else:
            return Finding("dns", "literal", {"host": host})
        started = time.perf_counter()
        try:
            addresses = await aside(lambda: self._resolve(host, port))
        except OSError as error:
            outcome = "proxy_unknown" if self._proxy else "unknown"
            return Finding("dns", outcome, {"host": host, "reason": error.strerror or str(error)})
        return Finding("dns", "found", {"host": host, "addresses": ", ".join(addresses[:4]), "ms": _ms(started)})

    def _first_hop(self) -> tuple[str, int]:
        if not self._proxy:
            return self._host, self._port
        parts = urlsplit(self._proxy)
        return parts.hostname or "", parts.port or 80

    async def tcp(self) -> Finding:
        values: dict[str, object] = {"host": self._host, "port": self._port}
        started = time.perf_counter()
        try:
            _, writer = await self._connect(None)
        except ConnectionRefusedError:
            return Finding("tcp", "refused", values)
        except _ProxyRefused as error:
            return Finding("tcp", "proxy", {**values, "reason": str(error)[:200]})
        except OSError as error:
            return Finding("tcp", "unreachable", {**values, "reason": error.strerror or str(error)})
        writer.close()
        return Finding("tcp", "open", {**values, "ms": _ms(started)})

    async def _connect(self, trust: ssl.SSLContext | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the server, through the proxy where there is one. Raises `OSError`."""
        name = self._host if trust is not None else None
        if not self._proxy:
            return await asyncio.open_connection(
                self._host, self._port, ssl=trust, server_hostname=name, happy_eyeballs_delay=0.25
            )
        from python_socks import ProxyError, ProxyTimeoutError
        from python_socks.async_.asyncio import Proxy

        try:
            # socks5h is how curl and httpx write "let the proxy ask for the name"
            proxy = Proxy.from_url(self._proxy.replace("socks5h://", "socks5://"), rdns=True)
            tunnel = await proxy.connect(self._host, self._port, timeout=self._settings.backend.connect_timeout)
        except (ProxyError, ProxyTimeoutError, ValueError) as error:
            raise _ProxyRefused(hide_text(str(error))) from error
        return await asyncio.open_connection(sock=tunnel, ssl=trust, server_hostname=name)

    # --- the certificate ------------------------------------------------------------------------------

    async def tls(self) -> Finding:
        from clutch_tui.net.client.egress import trusted

        if not self._is_tls:
            return Finding("tls", "plain")
        ca_file = self._settings.backend.ca_file
        try:
            trust = await aside(lambda: trusted(ca_file))
        except OSError as error:
            return Finding("tls", "ca_file", {"file": ca_file, "reason": error.strerror or str(error)[:200]})
        try:
            certificate, version = await self._shake_hands(trust)
        except ssl.SSLCertVerificationError as error:
            return await self._explain(error, trust)
        except (OSError, EOFError) as error:
            return Finding("tls", "failed", {"host": self._host, "reason": _reason(error)})
        ends = _ends(certificate)
        values = {"host": self._host, "until": ends, "issuer": _issuer(certificate), "version": version}
        soon = ends is not None and ends - self._clock.now() < ENDS_SOON
        return Finding("tls", "ends_soon" if soon else "valid", values)

    async def _shake_hands(self, trust: ssl.SSLContext) -> tuple[Mapping[str, Any], str]:
        _, writer = await self._connect(trust)
        try:
            secure = writer.get_extra_info("ssl_object")
            return secure.getpeercert() or {}, secure.version() or ""
        finally:
            writer.close()

    async def _explain(self, error: ssl.SSLCertVerificationError, trust: ssl.SSLContext) -> Finding:
        """Return what is wrong with a certificate; asked for once more, without the test it failed, to name its dates
        or its names. Nothing is sent over that connection."""
        values: dict[str, object] = {"host": self._host, "reason": error.verify_message}
        if error.verify_code in (_EXPIRED, _NOT_YET):
            trust.verify_flags |= _NO_CHECK_TIME
            certificate = await self._look_again(trust)
            if error.verify_code == _EXPIRED:
                return Finding("tls", "expired", {**values, "until": _ends(certificate)})
            return Finding("tls", "not_yet", {**values, "from": _begins(certificate)})
        if error.verify_code in _WRONG_NAME:
            trust.check_hostname = False
            names = [str(name) for _, name in (await self._look_again(trust)).get("subjectAltName", ())]
            return Finding("tls", "wrong_host", {**values, "names": ", ".join(names[:5])})
        return Finding("tls", "incomplete" if error.verify_code in INCOMPLETE else "untrusted", values)

    async def _look_again(self, trust: ssl.SSLContext) -> Mapping[str, Any]:
        try:
            return (await self._shake_hands(trust))[0]
        except (OSError, EOFError):
            return {}

    # --- the server -----------------------------------------------------------------------------------

    async def http(self) -> Finding:
        """Does a Clutch backend answer? `system.health`, or `system.ping` where that is missing."""
        for name in ("system.health", "system.ping"):
            try:
                answer = await self._api.send_as(name, None, bearer=None, probe=True)
            except ApiError as error:
                if error.kind is Kind.MISSING_ROUTE and name == "system.health":
                    continue
                strange = error.kind in _STRANGE
                values = {"url": self._api.base_url, "status": error.status or 0}
                return Finding("http", "not_backend" if strange else "failed", values, error.problem)
            self._date = answer.headers.get("date")
            ms = round(answer.elapsed_ms)
            return Finding("http", "slow" if ms > SLOW_MS else "answers", {"status": answer.status, "ms": ms})
        raise AssertionError("the second answer is judged whatever it is")

    async def clock(self) -> Finding:
        theirs, ours = await self._their_time()
        if theirs is None:
            return Finding("clock", "unknown")
        seconds = (ours - theirs).total_seconds()
        outcome = "wrong" if abs(seconds) > CLOCK_WRONG else "off" if abs(seconds) > CLOCK_OFF else "right"
        return Finding("clock", outcome, {"seconds": round(seconds)})

    async def _their_time(self) -> tuple[datetime | None, datetime]:
        """The server's time and ours in the middle of the exchange; its `Date` header where `system.time` is
        missing."""
        before = self._clock.now()
        try:
            answer = await self._api.send_as("system.time", None, bearer=None, probe=True)
        except ApiError:
            return moment(self._date), before
        ours = before + (self._clock.now() - before) / 2
        stamp = answer.data.get("timestamp") if isinstance(answer.data, dict) else None
        return moment(stamp) or moment(answer.headers.get("date")), ours

    async def access(self) -> Finding:
        """Does the server take the key or the token? Whoever only looks renews nothing; where the proof itself is
        refused, a call of the shop's own decides: servers verify in many ways."""
        refusal: ApiError | None = None
        for name in ("auth.verify", "shop.profile"):
            try:
                await self._api.call(name, probe=True)
            except ApiError as error:
                refused = error.kind in _WHO_ASKS
                if not refused and not (refusal and error.kind is Kind.MISSING_ROUTE):
                    missing = error.kind is Kind.MISSING_ROUTE
                    return Finding("access", "unproved") if missing else Finding("access", "failed", {}, error.problem)
                refusal = refusal if not refused else error
                if error.kind is Kind.FORBIDDEN:
                    break
            else:
                return Finding("access", "accepted")
        assert refusal is not None
        return self._refused(refusal)

    def _refused(self, error: ApiError) -> Finding:
        """A token that has ended is renewed by the program's next call; anything else is for a person."""
        renewable = error.kind is Kind.UNAUTHORIZED and self._session.is_renewable
        return Finding("access", "renewable" if renewable else "refused", cause=error.problem)

    async def socket(self) -> Finding:
        """The live connection itself, with all its ways of showing the token, until its first frame."""
        from clutch_tui.net.socket.websocket import Socket

        monitor, settled = Monitor(self._clock), asyncio.Event()

        def look() -> None:
            if monitor.part("socket").state in ("up", "retrying", "down", "refused"):
                settled.set()

        monitor.on_change.append(look)
        line = Socket(self._settings, session=self._session, monitor=monitor, device_id=self._device_id)
        started = time.perf_counter()
        running = asyncio.create_task(line.run())
        try:
            await settled.wait()
            part = monitor.part("socket")
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        if part.state == "up":
            return Finding("socket", "open", {"ms": _ms(started)})
        missing = part.problem is not None and part.problem.key == f"error.api.{Kind.MISSING_ROUTE}"
        return Finding("socket", "missing" if missing else "failed", {}, part.problem)


class _ProxyRefused(OSError):
    """The proxy did not open the way to the server."""


def _ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error or type(error).__name__)[:200]


def _begins(certificate: Mapping[str, Any]) -> datetime | None:
    return _certificate_time(certificate.get("notBefore"))


def _ends(certificate: Mapping[str, Any]) -> datetime | None:
    return _certificate_time(certificate.get("notAfter"))


def _certificate_time(text: str | None) -> datetime | None:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC) if text else None


def _issuer(certificate: Mapping[str, Any]) -> str:
    named = {name: value for part in certificate.get("issuer", ()) for name, value in part}
    return str(named.get("organizationName") or named.get("commonName") or "")
