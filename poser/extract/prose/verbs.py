"""Verbs of descriptive prose and their forms."""

from __future__ import annotations

from functools import cache

from poser.extract.words import word_set

_STANDING = word_set(
    "stand rest lie sit hang float hover lean perch nestle balance dangle stretch sprawl loom tower rise extend reach "
    "remain stay appear seem look emerge peek poke park dock moor settle land gather cluster crowd congregate cross "
    "pass run walk stroll march sprint gallop trot swim dive fly soar glide drift sail drive cruise race climb crawl "
    "creep slither roll slide ski skate surf play fight jump leap dance sway swing spin rotate twirl swirl crouch kneel "
    "squat recline lounge curl sleep nap doze bask graze bob ripple flutter flap billow wave shine glow gleam glisten "
    "glimmer glint shimmer sparkle twinkle flicker bloom blossom grow fall drop drip splash flow cascade stream pour "
    "filter burn smile grin laugh frown shout sing scream speak talk listen work wait shake shiver tremble crash lap "
    "blow peel crack crumble fade melt blend merge mingle bend curve arch twist coil loop gaze stare peer glance"
)
_ACTING = word_set(
    "hold grip grasp clutch carry wear don sport ride pull push drag lift hug embrace kiss touch chase watch observe "
    "survey eat drink sip bite chew lick catch throw toss kick hit read write paint draw cook display show feature "
    "depict portray present showcase illustrate capture include contain comprise fill cover surround encircle flank "
    "border frame line adorn decorate embellish trim top cap crown dot sprinkle scatter strew litter stack pile arrange "
    "align place position set situate locate mount attach fix fasten tie bind wrap drape suspend support connect link "
    "join separate divide split cut slice chop carve etch engrave emboss emblazon print stamp inscribe mark label stitch "
    "embroider weave knit sew craft make build construct form shape sculpt illuminate light reflect mirror refract "
    "overlook face conceal hide mask obscure veil shade shelter guard block enclose house lead follow approach bathe "
    "wash clean sweep open close tuck cradle pet stroke sniff hunt stalk serve offer use operate dig plant pick collect "
    "lay spread bore pierce equip dress clothe pour steer navigate span soak bear brandish wield dominate occupy cast "
    "intertwine entwine connect pave furnish upholster pot plate coat dust texture polish glaze dye tint paint silhouette "
    "crown cloak envelop blanket carpet line fold weather brush comb shape style color swirl fill top lit hang stud "
    "propel play drive cling bustle tend unfold begin emit transition start continue complete wield propel bathe "
    "host handle prop meet tap circle bear unfurl preside attempt assert churn speed rush ignite vary accompany spell "
    "permeate strike outshine roar delve roam meander emanate proceed confirm become prepare ponder demonstrate celebrate "
    "admire enter relax enjoy engage withstand navigate retain consider incorporate orchestrate exhibit buzz hum sizzle "
    "dissipate descend ascend lurch hurtle scurry scamper frolic mount disrupt punctuate complete anchor fling hurl"
)
#: What they are about is told by no picture of their objects: "adding a sense of calm", "suggesting a storm".
ABSTRACT_VERBS = word_set(
    "add create suggest evoke convey exude radiate lend provide invite give bring hint indicate imply symbolize symbolise "
    "emphasize emphasise accentuate highlight enhance complement contrast contribute echo resemble mimic reveal offer "
    "represent signify remind embody encapsulate draw boast seem make allow help ensure enable serve capture inspire "
    "match balance await anticipate beckon promise express imitate emulate simulate attract command demand"
)
_IRREGULAR: dict[str, tuple[str, str]] = {
    word: (base, form)
    for base, form, words in (
        ("make", "ed", "made"), ("wear", "ed", "worn"), ("see", "ed", "seen"), ("hang", "ed", "hung"), ("set", "ed", "set"),
        ("light", "ed", "lit"), ("build", "ed", "built"), ("draw", "ed", "drawn"), ("write", "ed", "written"),
        ("weave", "ed", "woven"), ("tear", "ed", "torn"), ("break", "ed", "broken"), ("freeze", "ed", "frozen"),
        ("hide", "ed", "hidden"), ("grow", "ed", "grown"), ("throw", "ed", "thrown"), ("show", "ed", "shown"),
        ("hold", "ed", "held"), ("bind", "ed", "bound"), ("spread", "ed", "spread"), ("cut", "ed", "cut"),
        ("lay", "ed", "laid"), ("strew", "ed", "strewn"), ("catch", "ed", "caught"), ("keep", "ed", "kept"),
        ("bend", "ed", "bent"), ("spin", "ed", "spun"), ("wind", "ed", "wound"), ("fall", "ed", "fallen"),
        ("find", "ed", "found"), ("lie", "ing", "lying"), ("tie", "ing", "tying"), ("stand", "ed", "stood"),
        ("inlay", "ed", "inlaid"), ("shape", "ed", "misshapen"), ("sit", "ed", "sat"), ("take", "ed", "taken"),
        ("give", "ed", "given"), ("have", "s", "boasts"), ("ride", "ed", "ridden"), ("blow", "ed", "blown"),
    )
    for word in words.split()
}  # fmt: skip
#: Nouns although they look like a participle.
NOT_PARTICIPLES = word_set(
    "building buildings ceiling ceilings railing railings painting paintings clothing lighting wing wings king kings ring rings spring "
    "string strings evening morning setting settings drawing drawings stitching awning awnings sling swing swings sibling "
    "thing things something nothing everything anything bed beds seed seeds weed weeds shed sheds sled sleds reed reeds "
    "breed speed feed hundred red bird tread thread threads wedding icing frosting filling topping toppings stuffing "
    "flooring siding roofing bedding greeting greetings landing opening crossing duckling herring earring earrings "
    "pudding stocking stockings scaffolding carving carvings marking markings shading wiring paneling panelling surrounding being "
    "during embed covering handwriting dwelling dwellings coating furnishings offerings outing lettering piping seating "
    "parking dressing shilling gosling darling skating boxing skiing surfing writing rigging viking vikings etching beijing "
    "ironed-bed naked sacred wicked steed creed deed need greed wretched aged rugged jagged biped moped newlywed"
)


@cache
def forms() -> dict[str, tuple[str, str]]:
    """Word -> (base, form): "base", "s", "ing" or "ed"."""
    table: dict[str, tuple[str, str]] = {}
    for base in sorted(_STANDING | _ACTING | ABSTRACT_VERBS):
        stem = base[:-1] if base.endswith("e") and not base.endswith(("ee", "ye")) else base
        doubled = base + base[-1] if _doubles(base) else stem
        ys = base[:-1] + "i" if base.endswith("y") and base[-2] not in "aeou" else None
        table.setdefault(base, (base, "base"))
        plural = f"{ys}es" if ys else base + ("es" if base.endswith(("s", "x", "ch", "sh", "z")) else "s")
        table.setdefault(plural, (base, "s"))
        table.setdefault(doubled + "ing", (base, "ing"))
        table.setdefault(f"{ys or doubled}ed", (base, "ed"))
    return table | _IRREGULAR


def _doubles(base: str) -> bool:
    vowels = "aeiou"
    if base in {"begin", "equip", "emit"}:
        return True
    return (
        len(base) in (3, 4)
        and base[-1] not in vowels + "wxy"
        and base[-2] in vowels
        and base[-3] not in vowels
        and base not in {"open"}
    )


def verb_form(word: str) -> tuple[str, str] | None:
    """Base and form of a word that may be a verb; participles also of verbs that are in no list."""
    known = forms().get(word)
    if known is not None:
        return known
    if word in NOT_PARTICIPLES or len(word) < 5:
        return None
    tail = word.rsplit("-", 1)[-1]
    if tail != word and tail in forms():
        return forms()[tail]
    if word.endswith("ing"):
        return word[:-3], "ing"
    return (word[:-2], "ed") if word.endswith("ed") and not word.endswith("eed") else None


#: Verbs whose base and -s form are as often nouns.
NOUNS_TOO = word_set(
    "light line top cap crown dot frame border face shelter shade block house lead plant pot plate coat dust polish glaze "
    "dye tint paint stamp label mark stitch knit craft form shape split cut slice chop print link stack pile place "
    "position fix wrap support park dock roll slide ski surf play fight leap dance swing spin run walk drive cruise race "
    "sail drift wave bloom blossom fall drop drip splash flow cascade stream burn smile grin laugh frown shout scream talk "
    "work crash lap blow peel crack blend bend curve arch twist coil loop glance grip sport ride lift hug kiss touch watch "
    "drink bite catch kick hit display show feature present cover trim set mount tie drape mirror mask veil guard cradle "
    "pet offer use pick spread span cast hunt stalk brush comb style color fold weather swirl stud ripple match contrast "
    "balance highlight echo hint glow gleam glint shimmer sparkle ring tower curl sleep nap flicker blanket carpet book "
    "fork bowl tie box rise cloak design command demand lounge coat texture blanket flap"
)

#: Verbs whose objects stand in a relation that a picture shows.
RELATING = _ACTING - ABSTRACT_VERBS - word_set(
    "make show feature depict portray present showcase illustrate capture include contain comprise use set place "
    "position situate locate arrange offer form write read craft construct build close open use house present cast "
    "illuminate polish paint dust texture style color complete begin start continue emit transition approach bathe host "
    "handle meet vary attempt become consider enjoy prepare enter light dominate occupy mark print label accompany"
)

#: Participles before "by", "with", "in" that name a relation that a picture shows.
JOINING = word_set(
    "surround encircle flank border frame line adorn decorate embellish trim top cap crown dot sprinkle scatter strew "
    "litter stack fill cover attach connect link wrap drape suspend support bind tie fasten stud speckle equip dress clothe "
    "pack crowd blanket carpet coat soak pierce print emboss emblazon etch engrave carve inscribe mark label stitch "
    "embroider intertwine entwine hold pull push ride wear don garnish load cram clutter furnish fit secure join envelop "
    "enclose shelter shade mount set nestle tuck cradle cloak ornament lace bedeck festoon pave tile stripe spot "
    "fringe accessorize pattern compose"
)
#: States that a picture shows; "stand", "rest" and the like are told by the relation that follows.
UNREMARKABLE = word_set(
    "stand rest remain stay appear seem look be locate situate place position set see find feature include make use "
    "reach extend stretch lie show depict present display have contain gaze base name design create render capture "
    "portray showcase illustrate detail know call allow add contrast complement give offer provide strike engage cast "
    "complete hint indicate create add include feature take begin end start continue become attempt consider incorporate "
    "imagine reveal catch draw highlight emphasize accentuate enhance illuminate garner earn renown generate await emit "
    "emanate radiate exude boast bring hold host reflect wear don sport invite captivate intrigue glimpse notice tell "
    "ensure keep prepare enjoy fade transition vary range match mean mirror frame host"
)


@cache
def ing_form(base: str) -> str:
    """The -ing form of a base."""
    for word, (of, form) in forms().items():
        if of == base and form == "ing":
            return word
    return f"{base}ing"
