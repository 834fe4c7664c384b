"""The same measures against signet, where the environment holds a key for it.

They spend a few hundred sats of test money in fees. Run them alone: the venue counts requests.
"""

from __future__ import annotations

import pytest

from tests.calibration.assumptions import ASSUMPTIONS
from tests.calibration.line import NAMES, credentials_of_signet, line_to, signet

SAMPLES = 200


@pytest.mark.timeout(900)
@pytest.mark.parametrize("id", list(ASSUMPTIONS))
async def test_signet_is_as_assumed(id: str):
    keys = credentials_of_signet()
    if keys is None:
        pytest.skip(f"no key for signet: set {', '.join(NAMES)}")
    assumption = ASSUMPTIONS[id]
    async with line_to(signet(), keys, limited=True, samples=SAMPLES) as line:
        finding = await assumption.measure(line)
    if finding.holds is None:
        pytest.skip(f"{id} could not be seen: {finding.seen}")

    assert finding.holds, f"{assumption.says} Not so: {finding.seen}. {assumption.if_false}"
