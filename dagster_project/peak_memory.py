"""The most memory that the making of one asset took, though one process makes all assets of a run."""

import resource
import sys
from pathlib import Path

CLEAR_REFS, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
FORGET_THE_PEAK = "5"
"""What Linux takes for "begin the peak anew" (proc(5))."""


class PeakMemory:
    """Watches this process from the moment it is made.

    What the process already held then is part of the peak: libraries, and models that an earlier asset loaded.
    """

    def __init__(self) -> None:
        try:
            CLEAR_REFS.write_text(FORGET_THE_PEAK)
            self._begun_anew = True
        except OSError:
            # Not Linux, or a sandbox that forbids it.
            self._begun_anew = False

    def mib(self) -> dict[str, float]:
        """The peak in MiB under a name that says whose it is: ``peak_memory_mib`` since this was made, or, where no
        peak can be begun anew, ``peak_memory_of_the_process_so_far_mib``, whichever asset took it."""
        if self._begun_anew:
            fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
            return {"peak_memory_mib": round(int(fields["VmHWM"].split()[0]) / 2**10, 1)}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return {"peak_memory_of_the_process_so_far_mib": round(peak / unit, 1)}
