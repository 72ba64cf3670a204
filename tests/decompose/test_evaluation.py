"""How a decomposer is asked for what is evaluated: by a model that says one of two things."""

import pytest


@pytest.mark.heavy
def test_the_likeliest_answer_is_given_and_others_are_drawn_with_a_temperature(tmp_path):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from poser.decompose.evaluation import decode
    from tests.decompose.wavering import ANSWER, save

    folder = save(tmp_path / "tiny", "no", "yes")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    rows = [{"request": f"{number} cars"} for number in range(40)]
    asked = {"template": f"{{request}}{ANSWER}", "chat": False, "max_new_tokens": 8}
    state = torch.random.get_rng_state()
    assert decode(model, tokenizer, rows, **asked) == ["no"] * len(rows)
    assert (torch.random.get_rng_state() == state).all()
    drawn = decode(model, tokenizer, rows, **asked, temperature=1.0)
    # chances are .52 and .48
    assert {"no", "yes"} == set(drawn)
    torch.random.set_rng_state(state)
    assert decode(model, tokenizer, rows, **asked, temperature=1.0) == drawn
    assert set(decode(model, tokenizer, rows, **asked, temperature=0.001)) == {"no"}
