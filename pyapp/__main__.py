"""python -m pyapp: the command line, and the two processes that `plinth up` starts."""

import asyncio
import sys


def _worker() -> None:
    import uvloop  # noqa: PLC0415

    from pyapp import http, settings, supervise  # noqa: PLC0415

    held = settings.load()
    supervise.die_with_parent(held.stop_timeout)
    uvloop.run(http.serve(held, supervise.inherited()))


def _jobs() -> None:
    from pyapp import log, settings, supervise, worker  # noqa: PLC0415

    held = settings.load()
    sink = log.setup(held.log_format)
    supervise.die_with_parent(held.stop_timeout)
    asyncio.run(worker.run(held))
    sink.close()


def main() -> int:
    entry = {"_worker": _worker, "_jobs": _jobs}.get(sys.argv[1] if len(sys.argv) == 2 else "")
    if entry:
        entry()
        return 0
    from pyapp import cli  # noqa: PLC0415

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
