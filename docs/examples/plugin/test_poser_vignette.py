from poser_vignette import Vignette

import poser


def test_it_keeps_the_contract():
    command = poser.Command(id="v", operation="other", text="Add a vignette around the picture")
    findings = poser.check_expert(Vignette(), commands=[command])
    assert [finding for finding in findings if not finding.ok] == []
    assert "determinism" in [finding.check for finding in findings if not finding.skipped]
