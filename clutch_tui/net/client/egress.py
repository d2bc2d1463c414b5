"""The way out of this machine: whom to believe that it is the server, and which proxy to go through.

The REST client, the live connection and the doctor all ask here, so that none of them gets through where the
others do not.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from clutch_tui.config.rules import is_loopback
from clutch_tui.net.client.errors import ApiError, from_os_error

if TYPE_CHECKING:
    from clutch_tui.config.settings import Backend

# Where other distributions keep the authorities than the one that this Python was built for.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)


def trusted(ca_file: str) -> ssl.SSLContext:
    """The authorities that this machine trusts, and one's own beside them. Reads files: call it from a thread.
    Raises `OSError` for a file that is not there or holds no certificate.

    On macOS and Windows the system itself is asked. Elsewhere OpenSSL's store is the system's: it is read once
    here, because `truststore` would read it again for every handshake, which holds up the screen for 40 ms.

    From 3.13 on Python also refuses certificates that lack what the standard asks for, such as key identifiers. Small
    authorities seldom write them, so it refuses no server whose authority the shop has named itself.
    """
    context = _of_the_system() if sys.platform in ("darwin", "win32") else _of_openssl()
    if ca_file:
        context.load_verify_locations(Path(ca_file).expanduser())
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _of_the_system() -> ssl.SSLContext:
    import truststore

    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context


def _of_openssl() -> ssl.SSLContext:
    """OpenSSL's own places, then other distributions'; a machine without any (a bare container) gets Mozilla's."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if context.get_ca_certs() or (paths.capath and any(Path(paths.capath).glob("*.0"))):
        return context
    bundle = next((path for path in _BUNDLES if Path(path).is_file()), None)
    if bundle is None:
        import certifi

        bundle = certifi.where()
    context.load_verify_locations(bundle)
    return context


async def look_closer(error: ApiError, host: str, port: int, seconds: float) -> ApiError:
    """Return what else is wrong with a certificate that nobody vouches for: OpenSSL tells only the first fault, and one
    that has expired is to be renewed whoever signed it. Asks once more, trusting that very certificate and nothing
    else; nothing is sent over that connection."""
    try:
        async with asyncio.timeout(seconds):
            blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
            shown = await _certificate(host, port, blind)
            trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            trusting.load_verify_locations(cadata=shown)
            await _certificate(host, port, trusting)
    except (OSError, EOFError) as second:
        closer = from_os_error(second, host)
        return closer if closer.fault in ("expired", "not_yet") else error
    return error


async def _certificate(host: str, port: int, context: ssl.SSLContext) -> bytes:
    _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    try:
        return bytes(writer.get_extra_info("ssl_object").getpeercert(True) or b"")
    finally:
        writer.close()


def proxy_for(settings: Backend, url: str, environment: Mapping[str, str] | None = None) -> str:
    """The proxy to the server of `url`: our own setting, then the system's; empty for none.

    Never one for this machine itself. `environment` stands for what the system says, by scheme; the libraries
    below would each read the variables in their own way (`ALL_PROXY` opens no WebSocket in one of them).
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return ""
    named = environment if environment is not None else proxies_from_environment(host)
    secure = parts.scheme in ("https", "wss")
    return plain_proxy(settings.proxy or named.get("https" if secure else "http") or named.get("all") or "")


def proxies_from_environment(host: str) -> Mapping[str, str]:
    """The proxies that the system names, by scheme; none for a host that it excepts."""
    from urllib.request import getproxies, proxy_bypass

    return {} if proxy_bypass(host) else getproxies()


def plain_proxy(proxy: str) -> str:
    """The proxy's address in one form: a scheme, and the port that SOCKS means where none is named. A SOCKS proxy
    looks up the server's name itself (`socks5h`): one library does so in any case, another only when told."""
    if not proxy:
        return ""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme in ("socks5", "socks5h"):
        port = "" if parts.port is not None else ":1080"
        parts = parts._replace(scheme="socks5h", netloc=parts.netloc.rstrip(":") + port, path="")
    return parts.geturl()
