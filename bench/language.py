"""Real conversations as one text, in the ChatML that SmolLM2 was trained on.

python bench/language.py chitchat_dataset-0.9.0-py3-none-any.whl OUT

The first conversations of the package in its own order, 60,000 letters of them. Who speaks first is
the user, the other one the assistant.
"""

import json
import sys
import zipfile

LETTERS = 60_000


def text(conversations):
    parts, letters = [], 0
    for conversation in conversations:
        roles = {}
        for turn in conversation["messages"]:
            said = " ".join(message["text"] for message in turn if message.get("text"))
            role = roles.setdefault(turn[0]["sender"], ("user", "assistant")[len(roles) % 2])
            if said:
                parts.append(f"<|im_start|>{role}\n{said}<|im_end|>\n")
                letters += len(said)
        if letters > LETTERS:
            break
    return "".join(parts)


def main():
    wheel, out = sys.argv[1:]
    data = json.loads(zipfile.ZipFile(wheel).read("chitchat_dataset/dataset.json"))
    with open(out, "w", encoding="utf-8") as file:
        file.write(text(data.values()))


if __name__ == "__main__":
    main()
