"""A certificate for 127.0.0.1 that is its own authority, made for tests only."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from typing import Final

CERTIFICATE: Final = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUDOkPEtykQaPIqJ4VgZfGTdSW15YwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMjEwMDAyMVoYDzIxMjYxMDI5
MTAwMDIxWjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATyyoPVkKlb5usDmhO2sf8BmX2Q9h4E8VHjRYGlEQfbJgP1wU96aKgl
gnIeh8f29UAVShMN74mZOpblRehW01pFo28wbTAdBgNVHQ4EFgQU+jENj4Z8zlv4
70rX08IHdCMSu6wwHwYDVR0jBBgwFoAU+jENj4Z8zlv470rX08IHdCMSu6wwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIgGrfIgnmuDeNjNa1yg7foIxsv3rGkDdtt8vRPps9ZSaECIQC9
FASkGK1VfsdEygzJxZ6BjzNHArBaFQoPlQXJ4FInDg==
-----END CERTIFICATE-----
"""
KEY: Final = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHeWBVbVD63W28ni3
ChiXtMy0r1lUi4EsamWpeRilLqahRANCAATyyoPVkKlb5usDmhO2sf8BmX2Q9h4E
8VHjRYGlEQfbJgP1wU96aKglgnIeh8f29UAVShMN74mZOpblRehW01pF
-----END PRIVATE KEY-----
"""


def server_context() -> ssl.SSLContext:
    """Give what a server needs to present the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        both = Path(folder) / "both.pem"
        both.write_text(CERTIFICATE + KEY)
        context.load_cert_chain(both)
    return context


def trusting_context() -> ssl.SSLContext:
    """Give what a client needs to trust it, and nothing else."""
    return ssl.create_default_context(cadata=CERTIFICATE)
