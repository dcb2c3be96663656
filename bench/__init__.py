import os

# Before numpy is imported: its threads would take the core of what is measured.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
