"""The certificate authority of a region, whose servers are spoken to over TLS as on AWS."""

from pathlib import Path

import trustme

from local.servers import HOST, Tls


def tls(directory: Path) -> Tls:
    """Where the files of `issue` are."""
    return Tls(key=directory / "server.key", certificate=directory / "server.pem", ca=directory / "ca.pem")


def issue(directory: Path) -> Tls:
    """Make an authority and a certificate for loopback; the authority's own key is thrown away."""
    files = tls(directory)
    authority = trustme.CA(organization_name="Local region")
    certificate = authority.issue_cert(HOST, "localhost")
    files.key.touch(mode=0o600)
    certificate.private_key_pem.write_to_path(files.key)
    certificate.cert_chain_pems[0].write_to_path(files.certificate)
    authority.cert_pem.write_to_path(files.ca)
    return files
