"""English verb forms: the base form behind "-ing", "-ed", "-s" and the irregular forms.

Pure. Only verbs by which people name work are known; an unknown word is not a verb here.
"""

from __future__ import annotations

from functools import lru_cache

from vori_ray.tickets.english.lexicon import WORK_VERBS

_IRREGULAR_TEXT = """become became become; begin began begun; bend bent bent; bind bound bound; break broke broken;
bring brought brought; build built built; buy bought bought; cast cast cast; catch caught caught; choose chose chosen;
cut cut cut; deal dealt dealt; dig dug dug; do did done; draw drew drawn; drive drove driven; feed fed fed; fight fought
fought; find found found; fly flew flown; get got got; get got gotten; give gave given; grind ground ground; grow grew
grown;
hand handed handed; hang hung hung; hide hid hidden; hold held held; keep kept kept; lay laid laid; lead led led; leave
left left; lend lent lent; light lit lit; make made made; meet met met; pay paid paid; put put put; read read read;
rebuild rebuilt rebuilt; redo redid redone; rerun reran rerun; rewrite rewrote rewritten; ring rang rung; run ran run;
seek sought sought; sell sold sold; send sent sent; set set set; sew sewed sewn; shake shook shaken; shoot shot shot;
show showed shown; shut shut shut; speak spoke spoken; spend spent spent; split split split; spread spread spread; stand
stood stood; stick stuck stuck; sweep swept swept; take took taken; teach taught taught; tear tore torn; tell told told;
think thought thought; throw threw thrown; understand understood understood; weave wove woven; win won won; withdraw
withdrew
withdrawn; write wrote written; lose lost lost; sit sat sat; wake woke woken; reset reset reset; resell resold resold;
resend resent resent; sink sank sunk; swing swung swung; wind wound wound; go went gone; come came come"""

_IRREGULAR: dict[str, str] = {
    form: forms[0]
    for forms in (entry.split() for entry in " ".join(_IRREGULAR_TEXT.split()).split(";"))
    for form in forms[1:]
}
PARTICIPLES = frozenset(entry.split()[2] for entry in " ".join(_IRREGULAR_TEXT.split()).split(";"))
MORE_VERBS = frozenset(
    """begin bend bind break choose clean deep-clean fight grind hide keep lay leave lend relocate scout seek spread
    tear
    throw win wind choose harvest pickle bottle butcher simmer serve tow dock berth anchor solder weld plaster tile pour
    sow mow graft bottle brew ferment quote re-run re-send sign-post laminate embroider knit stitch dye iron press
    polish
    wax lacquer varnish upholster cater host emcee choreograph compere narrate score conduct tune mix master record
    dub""".split()
)
VERBS = WORK_VERBS | MORE_VERBS


@lru_cache(maxsize=8192)
def base_of(word: str) -> str | None:
    """The base form of a verb form that names work ("booking", "booked", "books", "sent"), or None."""
    if word in VERBS:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending in ("ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return next((base for base in _bases(word[: -len(ending)], ending) if base in VERBS), None) or _longer(
                word, ending
            )
    return None


def _bases(stem: str, ending: str) -> list[str]:
    if ending in ("ied", "ies"):
        return [stem + "y"]
    undoubled = [stem[:-1]] if len(stem) > 2 and stem[-1] == stem[-2] else []
    return [stem, stem + "e", *undoubled]


def _longer(word: str, ending: str) -> str | None:
    """ "publishes" ends in "es" but "writes" in "s": try the shorter ending too."""
    return word[:-1] if ending == "es" and word[:-1] in VERBS else None


def is_participle(word: str) -> bool:
    """Whether `word` may be a past participle: "booked", "sent"; also of verbs that name no work."""
    if word in PARTICIPLES or word in _IRREGULAR:
        return True
    return word.endswith("ed") and len(word) > 4 and not word.endswith("eed")
