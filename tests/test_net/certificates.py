"""Certificates as bad servers have them, and a server that shows one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .conftest import settle

DAY = timedelta(days=1)


def certificate(folder: Path, *, starts: timedelta, ends: timedelta, name: str = "localhost") -> Path:
    """A self-signed certificate and its key in one PEM file; its times count from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = _identified(_begin(key, name, starts, ends).issuer_name(_name(name)), key, key).sign(key, hashes.SHA256())
    return _write(folder / f"{name}-{starts.days}-{ends.days}.pem", made, key)


def issued(
    folder: Path, *, starts: timedelta, ends: timedelta, name: str = "localhost", complete: bool = True
) -> tuple[Path, Path]:
    """A certificate from an authority of our own, and that authority's. One that is not `complete` has no key
    identifiers and says nothing of what its key is for, as an old `openssl x509 -req` made them."""
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = (
        _begin(root, "Clutch test authority", -DAY, DAY)
        .issuer_name(_name("Clutch test authority"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
    made = _begin(key, name, starts, ends).issuer_name(_name("Clutch test authority"))
    if complete:
        authority = _identified(authority, root, root).add_extension(_SIGNS, critical=True)
        made = _identified(made, key, root)
    return (
        _write(folder / f"issued-{name}.pem", made.sign(root, hashes.SHA256()), key),
        _write(folder / "authority.pem", authority.sign(root, hashes.SHA256())),
    )


_SIGNS = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _identified(
    certificate: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """Say whose key it is and whose signed it, as RFC 5280 asks."""
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    other = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
    return certificate.add_extension(own, critical=False).add_extension(other, critical=False)


def _begin(key: ec.EllipticCurvePrivateKey, name: str, starts: timedelta, ends: timedelta) -> x509.CertificateBuilder:
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(IPv4Address("127.0.0.1")))
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + starts)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _write(file: Path, made: x509.Certificate, key: ec.EllipticCurvePrivateKey | None = None) -> Path:
    content = made.public_bytes(serialization.Encoding.PEM)
    if key is not None:
        content += key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    file.write_bytes(content)
    return file


@asynccontextmanager
async def answering(
    answer: bytes | None, tls: Path | None = None, *, asked: Callable[[], object] = lambda: None
) -> AsyncIterator[int]:
    """A server on a free port that gives every request the same answer; None listens and never answers. `asked` is
    called when a request is here and whoever sent it waits."""
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not await reader.read(65536):
                return
            await settle()
            asked()
            if answer is None:
                await done.wait()
            else:
                writer.write(answer)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        done.set()
        server.close()


def http(status: str, body: str, kind: str = "text/html") -> bytes:
    content = body.encode()
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    ).encode() + content
