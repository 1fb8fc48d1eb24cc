"""The web process: settings, runtime, application, and the server that listens.

Started as `python -m campaigns.serve`, which `campaigns web` becomes. Requests are
not logged: their addresses carry signed links.
"""

from __future__ import annotations

import sys

import uvicorn

from campaigns import logs
from campaigns.data_dir import settings_here
from campaigns.errors import ConfigurationError
from campaigns.runtime import build
from campaigns.web.app import create_app


def main() -> None:
    """Serve until SIGTERM or SIGINT, then let the requests under way finish."""
    logs.configure()
    try:
        settings = settings_here()
        with build(settings) as runtime:
            uvicorn.run(
                create_app(runtime),
                host=settings.host,
                port=settings.port,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
            )
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
