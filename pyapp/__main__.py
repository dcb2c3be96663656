"""python -m pyapp: the command line, and the two processes that `plinth up` starts."""
# ruff: noqa: PLC0415 - each of the three loads no more than it needs

import logging
import os
import signal
import sys


def main() -> int:
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed: what is opened next would take its number
            os.set_inheritable(null := os.open(os.devnull, os.O_RDWR), True)
            setattr(sys, name, os.fdopen(null, "r" if name == "stdin" else "w"))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback while modules are loaded
    from pyapp import cli

    entry = sys.argv[1] if len(sys.argv) == 2 else ""
    if entry not in ("_worker", "_jobs"):
        code = cli.main()
        try:
            sys.stdout.flush()
        except OSError as error:  # what nobody took, Python would try once more and complain of
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = code or cli.explain(error)
        return code
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
