"""``python -m shouwen``: the same as the ``shouwen`` command."""

import sys

from shouwen.config.command import main

if __name__ == "__main__":
    sys.exit(main())
