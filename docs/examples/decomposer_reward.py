"""A reward of one's own: no more commands than the request has words for things."""

from poser.decompose.readings import read, text_of


def brevity(prompts, completions, request, **columns):
    """1 up to a command for every four words of the request, less beyond; 0 where nothing can be read."""
    rewards = []
    for completion, words in zip(completions, request, strict=True):
        actions = read(text_of(completion)).actions
        rewards.append(min(1.0, max(1, len(words.split()) / 4) / len(actions)) if actions else 0.0)
    return rewards


if __name__ == "__main__":
    said = "<think></think><action>[add; add]</action><subjects>[cat; cat]</subjects><goals>[1; 1]</goals>"
    print(brevity([""], [said], request=["a cat on a mat"]))
