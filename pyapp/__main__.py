"""python -m pyapp: the command line, and the two processes that `plinth up` starts."""
# ruff: noqa: PLC0415 - each of the three loads no more than it needs

import logging
import sys


def main() -> int:
    from pyapp import cli

    entry = sys.argv[1] if len(sys.argv) == 2 else ""
    if entry not in ("_worker", "_jobs"):
        return cli.main()
    from pyapp import settings, supervise

    held = settings.load()
    supervise.die_with_parent(held.stop_timeout)
    if entry == "_jobs":
        logging.getLogger("plinth.worker").setLevel("WARNING")  # plinth up speaks for it
        return cli.main(["worker"])
    import uvloop

    from pyapp import http

    uvloop.run(http.serve(held, supervise.inherited()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
