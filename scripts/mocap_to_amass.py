"""Write the motion captures of a folder as files of AMASS: whoever reads AMASS reads them, and in a tenth of the time.

For example `python scripts/mocap_to_amass.py ../shared/data/mocap -o runs/amass`, then `--mocap runs/amass`.
"""

import argparse
import sys
from pathlib import Path

from spsnet.datasets.amass import write_amass_folder
from spsnet.records import UserError
from spsnet.synthesis.mocap import load_mocap


def main() -> None:
    """Read the command line, convert, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mocap", type=Path, help="the folder of the archives")
    parser.add_argument("-o", "--output", type=Path, required=True, help="an empty or new folder")
    arguments = parser.parse_args()
    try:
        paths = write_amass_folder(load_mocap(arguments.mocap), arguments.output)
    except UserError as error:
        sys.exit(str(error))
    size = sum(path.stat().st_size for path in paths)
    print(f"wrote {len(paths)} clips, {size / 1e6:.0f} MB, below {arguments.output}")


if __name__ == "__main__":
    main()
