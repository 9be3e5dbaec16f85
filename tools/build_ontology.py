# SPDX-License-Identifier: GPL-3.0-or-later
"""Extracts what characters wear, carry and consist of from WordNet 3.0 into one small text file.

    apt-get download wordnet-base && dpkg -x wordnet-base_*.deb wordnet
    python tools/build_ontology.py wordnet/usr/share/wordnet

Each line of the result: id, words, is-a ids, part-of ids; tab separated, lists joined by "|".
The id is the synset's first word, with "#2", "#3" for further synsets of that word.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "core" / "parsing" / "ontology" / "data"
ARTIFACT, BODY = 6, 8  # WordNet's lexicographer files

# WordNet 3.0 offsets and first words of the trees that are taken whole.
ROOTS = {
    "03051540": "clothing", "03380867": "footwear", "02739668": "armor", "04272054": "spectacles",
    "03597469": "jewelry", "03724870": "mask", "03725035": "mask", "02774152": "bag",
    "02769748": "backpack", "02827606": "belt", "02784732": "band", "02785191": "band",
    "03476083": "hairpiece", "03476313": "hairpin", "03476684": "hair slide",
    "02928608": "button", "04238321": "slide fastener", "02910353": "buckle",
    "03505667": "headset", "03261776": "earphone", "04555897": "watch", "04549629": "wand",
    "04507155": "umbrella", "04373894": "sword", "03624134": "knife", "02764044": "ax",
    "02879718": "bow", "04270891": "spear", "03343853": "firearm", "04296261": "staff",
    "02742753": "arrow", "04035836": "quiver", "04432203": "tiara", "03443912": "goggles",
    "03138669": "crown", "05225090": "external body part", "05254795": "hair", "05238282": "skin",
    "05302499": "mouth", "05311054": "eye", "05320899": "ear", "05598147": "nose",
    "05282746": "tooth", "05305806": "lip", "05301072": "tongue", "05581693": "nail",
}  # fmt: skip


def _read_list(text: str) -> frozenset[str]:
    """Phrases separated by commas and line breaks."""
    phrases = (phrase.strip() for phrase in text.replace("\n", " ").split(","))
    return frozenset(phrase for phrase in phrases if phrase)


# Synsets (and all below them) that are no visible part of a character.
EXCLUDED_TREES = _read_list(
    """
    anus, aqueous humor, artery, blood vessel, bone, bristle, cartilage, ceinture, cell,
    cochlea, conveyor belt, cusp, duct, embryonic tissue, enamel, female genitalia, fiber,
    follicle, genitalia, gland, hatband, horse blanket, inner ear, labyrinth, ligament, male
    genitalia, membrane, middle ear, mucous membrane, muscle, nerve, papilla, penis, perineum,
    pulp, receptor, retina, rubber band, saddle blanket, taste bud, tendon, tire chain,
    tissue, tourniquet, vein, vitreous humor, vulva, watchband
    """
)
# So are those whose first phrase has one of these words.
ANATOMY = _read_list(
    """
    arteries, artery, biceps, bone, canal, cavity, corpuscle, gland, membrane, muscle,
    muscles, musculus, nasal, nerve, quadriceps, suture, triceps, vein, veins, venae, vertebra
    """
)
# Words dropped from every synset: in names of objects they mostly mean something else.
MISLEADING_WORDS = _read_list(
    """
    appendage, arm, arms, array, attic, back end, ball, band, bar, barrel, base, beak, bean,
    bit, black, blade, blue, blues, body, boob, bosom, bottom, brand, brown, bum, cakehole,
    can, cap, case, chain, charm, civies, cock, collar, colors, colour, cover, crown, dick,
    dome, drumstick, duds, dug, end, extremity, facing, fanny, fin, flap, fly, frog, front,
    gauntlet, getup, gob, gore, gray, greens, grey, head, hole, hooter, kisser, kit, knocker,
    line, lock, member, mitt, mount, mouth, mufti, mug, neck, noggin, noodle, nozzle, orb,
    outfit, pack, paw, pecker, peepers, peg, phiz, piece, pin, pipe, plate, point, rack,
    raiment, rear, regalia, rig, rim, ring, root, schnoz, schnozzle, seat, sheet, short,
    sight, slop, smiler, snoot, spade, spike, steel, stern, stick, stock, stocks, string,
    strip, suds, switch, tab, tail, tail end, thing, threads, ticker, tit, titty, toe, togs,
    tongue, trap, trim, turnout, tush, wear, weeds, white, whites, wool, wrap, wrapper,
    wrapping, yap, yoke
    """
)
# ... but the synset of that file that begins with such a word keeps it.
KEPT_WORDS = {
    BODY: {"arm", "body", "head", "mouth", "neck", "toe", "tongue"},
    ARTIFACT: {"cap", "collar", "crown", "gauntlet", "outfit", "ring", "wrap"},
}


@dataclass
class Synset:
    offset: str
    file: int
    words: list[str]
    hypernyms: list[str] = field(default_factory=list)
    hyponyms: list[str] = field(default_factory=list)
    holonyms: list[str] = field(default_factory=list)
    meronyms: list[str] = field(default_factory=list)


def read_nouns(path: Path) -> dict[str, Synset]:
    """All noun synsets of WordNet's data.noun by offset; words in lower case with spaces."""
    synsets = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith(" "):
            continue  # the licence at the top
        fields = line.split(" | ")[0].split()
        count = int(fields[3], 16)
        words = [w.replace("_", " ").lower() for w in fields[4 : 4 + 2 * count : 2]]
        synset = synsets[fields[0]] = Synset(fields[0], int(fields[1]), words)
        pointers = fields[5 + 2 * count :]
        by_symbol = {
            "@": synset.hypernyms, "~": synset.hyponyms,
            "#p": synset.holonyms, "%p": synset.meronyms,
        }  # fmt: skip
        for start in range(0, len(pointers) - 3, 4):
            symbol, target, kind = pointers[start : start + 3]
            if kind == "n" and symbol in by_symbol:
                by_symbol[symbol].append(target)
    return synsets


def select(synsets: dict[str, Synset]) -> set[str]:
    """Offsets of the synsets under ROOTS, with the worn parts (sleeve, sole) of what was found."""
    chosen: set[str] = set()

    def take(offset: str) -> None:
        if offset not in chosen and is_visible(synsets[offset]):
            chosen.add(offset)
            for below in synsets[offset].hyponyms:
                take(below)

    for top, word in ROOTS.items():
        if top not in synsets or synsets[top].words[0] != word:
            raise SystemExit(f"not WordNet 3.0: no {word!r} at {top}")
        take(top)
    for offset in sorted(chosen):
        chosen.update(part for part in synsets[offset].meronyms if is_visible(synsets[part]))
    return chosen


def is_visible(synset: Synset) -> bool:
    """Whether it may be seen on a character: made by man or of the body, and not anatomy."""
    if synset.file not in (ARTIFACT, BODY) or synset.words[0] in EXCLUDED_TREES:
        return False
    return not set(synset.words[0].split()) & ANATOMY


def kept_words(synset: Synset) -> list[str]:
    """The synset's words without those that mislead."""
    kept = KEPT_WORDS[synset.file] & {synset.words[0]}
    return [word for word in synset.words if word not in MISLEADING_WORDS or word in kept]


def rows(synsets: dict[str, Synset]) -> list[str]:
    """The sorted lines of the shipped file."""
    chosen = {o for o in select(synsets) if kept_words(synsets[o])}
    ids: dict[str, str] = {}
    seen: dict[str, int] = {}
    for offset in sorted(chosen, key=lambda o: (synsets[o].file != BODY, o)):
        word = kept_words(synsets[offset])[0]
        seen[word] = seen.get(word, 0) + 1
        ids[offset] = word if seen[word] == 1 else f"{word}#{seen[word]}"

    def nearest(offset: str) -> list[str]:
        """Ids of the nearest chosen hypernyms (a dropped one is skipped over)."""
        found = []
        for above in synsets[offset].hypernyms:
            found += [ids[above]] if above in chosen else nearest(above)
        return found

    lines = []
    for offset in chosen:
        synset = synsets[offset]
        wholes = {ids[o] for o in synset.holonyms if o in chosen}
        wholes |= {ids[o] for o in chosen if offset in synsets[o].meronyms}
        is_a = sorted(set(nearest(offset)) - {ids[offset]})
        columns = (kept_words(synset), is_a, sorted(wholes))
        lines.append("\t".join([ids[offset], *("|".join(c) for c in columns)]))
    return sorted(lines)


def licence(path: Path) -> str:
    """WordNet's own notice from the top of data.noun, without its line numbers."""
    head = [x for x in path.read_text(encoding="latin-1").splitlines() if x.startswith("  ")]
    return "\n".join(x.strip().partition(" ")[2] for x in head).strip() + "\n"


def main() -> None:
    """Writes wordnet_parts.tsv and wordnet_license.txt."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wordnet", type=Path, help="WordNet 3.0's folder with data.noun")
    parser.add_argument("--out", type=Path, default=DATA)
    options = parser.parse_args()
    source = options.wordnet / "data.noun"
    lines = rows(read_nouns(source))
    header = "# Extracted from WordNet 3.0 by tools/build_ontology.py: id, words, is-a, part-of\n"
    (options.out / "wordnet_parts.tsv").write_text(header + "\n".join(lines) + "\n", "utf-8")
    (options.out / "wordnet_license.txt").write_text(licence(source), "utf-8")
    print(f"{len(lines)} concepts")


if __name__ == "__main__":
    main()
