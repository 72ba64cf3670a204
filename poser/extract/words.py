"""Closed word classes of English as the grammar uses them; open vocabulary stands in `poser.experts.lexicon`."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


NUMBERS: dict[str, int] = {
    word: value
    for value, word in enumerate(
        (
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        )
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "hundred": 100, "dozen": 12}

#: Phrases that give an amount: words -> (number, at least). Longest first where one begins another.
AMOUNTS: dict[str, tuple[int, bool]] = {
    **dict.fromkeys(("a pair of", "pair of", "a couple of", "a couple", "couple of", "twin", "a duo of"), (2, False)),
    **dict.fromkeys(("a trio of", "a triplet of", "a threesome of"), (3, False)),
    **dict.fromkeys(("a quartet of",), (4, False)),
    **dict.fromkeys(("half a dozen", "a half dozen", "half a dozen of"), (6, False)),
    **dict.fromkeys(("a dozen", "a dozen of", "one dozen"), (12, False)),
    **dict.fromkeys(("two dozen",), (24, False)),
    **dict.fromkeys(("a single", "one single", "a lone", "a solitary", "a sole", "only one", "just one"), (1, False)),
    **dict.fromkeys(("single", "lone", "solitary"), (1, False)),
    **dict.fromkeys(("some", "multiple", "some of", "a pair or two of"), (2, True)),
    **dict.fromkeys(
        (
            "several", "several of", "a few", "few", "many", "numerous", "various", "countless", "a lot of", "lots of",
            "plenty of", "loads of", "tons of", "a number of", "a handful of", "a bunch of", "bunch of", "a group of",
            "group of", "a row of", "row of", "rows of", "a line of", "a flock of", "flock of", "a herd of",
            "a pack of",
            "a school of", "a swarm of", "a cluster of", "a collection of", "a set of", "a series of", "a variety of",
            "an array of", "an assortment of", "dozens of", "hundreds of", "a crowd of", "a fleet of", "a circle of",
            "groups of", "a small group of", "a large group of", "a great many", "a good many", "quite a few",
            "a bouquet of", "a family of", "a sprinkling of", "a scattering of",
        ),
        (3, True),
    ),
}  # fmt: skip
#: Words before a number that bound it: words -> (added to the number, at least).
BOUNDS: dict[str, tuple[int, bool]] = {
    "at least": (0, True), "no fewer than": (0, True), "no less than": (0, True), "a minimum of": (0, True),
    "more than": (1, True), "over": (1, True), "exactly": (0, False), "precisely": (0, False), "only": (0, False),
    "just": (0, False), "all": (0, False), "about": (0, False), "a total of": (0, False), "not more than": (0, False),
    # as many as are allowed are certainly not too many
    "no more than": (0, False), "at most": (0, False), "up to": (0, False), "a maximum of": (0, False),
    "around": (0, False), "roughly": (0, False), "approximately": (0, False), "some": (0, False),
}  # fmt: skip
ORDINALS: dict[str, int] = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "last": -1, "final": -1,
}  # fmt: skip

INDEFINITE = word_set("a an")
DEFINITE = word_set("the this that these those said")
POSSESSIVE = word_set("its their his her my your our whose")
PRONOUNS: dict[str, str] = {
    **dict.fromkeys(("it", "itself", "he", "him", "she"), "it"),
    **dict.fromkeys(("them", "they", "themselves", "these", "those"), "them"),
    "both": "both",
    "everything": "all",
}
COPULAS = word_set("is are was were be being been remain remains become becomes look looks appear appears")
#: Verbs that only say that a thing is there, or how; they link what stands before and after.
LINKING = COPULAS | word_set(
    "stands stand standing stood sits sit sitting sat seated lies lie lying lay laid rests rest resting rested hangs "
    "hang hanging hung floats float floating floated hovers hover hovering parked placed located positioned situated "
    "set perched perching perches placed arranged leaning leans lean has have having holds hold holding wears wear "
    "wearing waits waiting shows showing appears appearing seen visible drawn shown comes goes grows growing grow "
    "rises rising shines shining swims swimming flies flying fly walks walking walk runs running run sleeps sleeping "
    "sleep plays playing grazes grazing sails sailing drives driving moored docked tucked nestled nestles sprawled "
    "stretched curled lined standing centered centred balanced balancing stacked attached suspended mounted planted "
    "towering towers looming looms drifting drifts drift dotted featuring features containing contains includes "
    "including carrying carries bearing bears depicting depicts displays displaying displayed dominates occupies there "
    "here where which who that also still now just being gets getting riding rides jumping jumps crossing "
    "running passes passing facing faces watching watches looking chasing chases eating eats drinking drinks does do"
)
CONNECTORS = word_set(
    "and or but nor yet so then while as with without to into of for by from at in on onto upon if when than like "
    "through during because until unless though although however plus not no never any again too very all both each"
)
#: Ends a run of words that might belong to one noun.
BOUNDARY = (
    LINKING
    | CONNECTORS
    | INDEFINITE
    | DEFINITE
    | POSSESSIVE
    | word_set(
        "above below under underneath beneath over beside besides near next behind between among amid around across "
        "along against inside outside within beyond atop opposite alongside i we you he she they it them us me "
        "should must will would can could may might shall need needs instead except only exactly 's please "
        "everywhere anywhere nearby together apart ago away down up out off back forward "
        "alone asleep afloat outdoors indoors overhead upside downwards upwards"
    )
)
FILLER = word_set(
    "please i we you us me he she they would like love want need can could will shall may might must should let see "
    "imagine picture image photo photograph scene drawing illustration painting canvas artwork render rendering "
    "composition sure make ensure that there here is are be am was were been being has have had having do does did "
    "also then now next finally lastly additionally furthermore moreover still just too as well so such again "
    "a an the this these those its their his her my your our it them of to in on at by for from with into onto up "
    "out off down over and or but if when while where which who whose what than all each every both any some very "
    "quite rather really truly somewhat slightly nicely please thanks thank hi hello hey ok okay um uh well oh "
    "actually sorry wait hmm oops maybe perhaps anyway overall whole entire itself themselves together not no kind "
    "sort type bit little lot lots way one ones thing things object objects item items else other others same own "
    "shows show showing depicts depicting featuring features feature contains containing includes including "
    "located positioned situated placed set seen visible standing stands sitting sits parked lying lies resting "
    "rests hanging hangs get gets give add draw create generate put place remove change turn paint final result "
    "my favorite exactly only about around instead after before until afterwards later once first step"
)
#: Verbs and particles that carry a wish or announce lettering; that they are not understood is not worth a note.
UNREMARKABLE = word_set(
    "write writes written print type spell use read reads reading say says saying quote unquote letter go goes come "
    "comes include includes included belong belongs find keep kept stay request reserve describe prepare mean yes no "
    "nah more much nothing anything nobody following half dozen second thought take since already enough course "
    "obviously used theirs per list idea mind correction agreed wherever whatsoever that whether always main "
    "zero one two three four five six seven eight nine ten eleven twelve"
)
#: Adjectives that praise or say what goes without saying; that nothing is made of them is not worth a note.
PRAISE = (
    FILLER
    | UNREMARKABLE
    | word_set(
        "nice beautiful lovely pretty cute charming wonderful gorgeous stunning elegant fine good great perfect "
        "amazing cool adorable sweet friendly simple plain single different separate individual identical similar "
        "matching typical normal regular standard ordinary classic famous iconic certain new own real actual visible "
        "clear distinct"
    )
)
#: Heads of noun phrases that are no thing one could point at.
NON_THINGS = word_set(
    "sense touch hint feeling feel mood atmosphere vibe glow light lighting shade shadow shadows air way bit lot kind "
    "sort type result look effect scene view image picture photo photograph detail details color colors colour "
    "colours tone tones hue hues background backdrop foreground horizon distance ground floor wall surface day night "
    "morning afternoon evening noon time moment summer winter autumn fall spring season weather side sides edge "
    "corner center centre part end back front middle rest place position area size shape form style manner fashion "
    "order line row contrast setting composition story dream world life peace love joy beauty energy warmth calm "
    "silence motion movement direction angle perspective shot focus depth quality resolution texture pattern design "
    "material accent accents highlight highlights reflection reflections ray rays beam beams sunlight moonlight "
    "daylight mist haze fog dust sky horizon half third quarter couple pair few number amount level height width "
    "length space room land landscape scenery environment surroundings midst heart presence charm elegance "
    "appearance expression smile gaze pose posture stance step manner hour minute second year century hand other "
    "others one ones thing things object objects item items stuff everything something nothing anything group set "
    "total frame canvas page same backdrop array assortment variety collection display arrangement testament nod "
    "symphony tapestry juxtaposition interplay blend mix mixture combination scattering whisper tale journey job "
    "question favor idea example reason fact case point purpose use need want wish plan body bed stretch expanse "
    "patch layer hustle bustle visual creature sound silhouette outline palette theme concept story narrative future "
    "past present day today tomorrow pic pics drawing illustration painting artwork render rendering version copy "
    "frill frills fuss nonsense doubt problem dance chance"
)
ABSTRACT_ENDINGS = ("ness", "ity", "tion", "sion", "ment", "ance", "ence", "ism", "hood", "ship", "dom")
#: Parts of things; unknown to the lexicon they modify the thing they belong to and are no thing of their own.
PARTS = word_set(
    "roof roofs window windows wheel wheels tail tails ear ears collar handle handles leg legs wing wings petal petals "
    "fur hair mane whiskers beak claws horn horns hooves spots spot stripes stripe dots dot sail sails mast hull "
    "engine seat seats bumper tire tires tyre tyres headlights chimney porch facade shutters lid rim spout stem trunk "
    "branches branch foliage leaves roots bark skin scales fin fins antenna sleeve sleeves pocket pockets button "
    "buttons lace laces sole soles heel heels brim feet foot paws nose mouth lips eyes cheeks beard mustache dress "
    "clothes clothing outfit coat jacket suit uniform border frame edges base top pattern design cushions cushion"
)
#: A thing named by one of these after a known noun is something else than that noun ("bus stop", "tree trunk").
COMPOUND_TAILS = word_set(
    "stop wash toy branch trunk store pond food bench rack lot race statue sculpture logo costume collar shelf "
    "cover station tracks track salad soup juice pie sauce lane keeper catcher feeder nest pen barn farm cart rental "
    "seat stand shade shelter wheel engine door park path trail festival market crossing coat skin head face tail "
    "towel case brush blossom dealer driver owner rider walker lover cage bowl leash bed leaf needle bark pot"
)

TEXT_CUES = word_set(
    "word words text title caption heading headline header lettering letters letter slogan phrase message inscription "
    "subtitle sentence tagline label writing typography font lettered textbox subheading name logo watermark "
    "watermarks captions labels signature titles numbers texts watermarked letterings slogans phrases"
)
TEXT_VERBS = word_set(
    "says say saying reads read reading written spelling spells spell labelled labeled titled captioned marked "
    "entitled inscribed named states stating spelled printed"
)
PICTURE_WORDS = word_set(
    "picture image photo photograph drawing illustration painting scene canvas composition artwork render rendering "
    "shot view page graphic pic frame card poster everything whole artboard layout panel sheet screen"
)
COLOR_NOUNS = word_set("color colour colors colours colored coloured hue shade tint")
"""Words that only say that a colour is meant."""
SHADES = word_set(
    "dark light bright deep pale soft vivid vibrant rich pastel neon dusty muted warm cool shiny glossy matte"
)
COMPARATIVES: dict[str, str] = {
    **dict.fromkeys(("bigger", "larger", "taller", "huger", "wider", "longer", "broader", "fatter"), "larger"),
    **dict.fromkeys(("smaller", "tinier", "littler", "shorter", "narrower", "thinner"), "smaller"),
}
ABSENCE = word_set("no without zero never none exclude excluding avoid minus except lacking sans")
#: What carries the picture ("a poster for …"): no thing in it.
CARRIERS = word_set(
    "poster postcard banner card cover slide sampler sticker board mockup mock up flyer wallpaper thumbnail invitation "
    "bulletin worksheet brochure leaflet infographic icon splash abstract website newsletter design display deck draft "
    "artwork page collage mosaic advert ad header menu print template visual"
)
MEASURES = word_set(
    "slice slices strip strips piece pieces cup cups bowl bowls loaf loaves stack stacks pile piles bunch bunches "
    "drop drops bouquet bouquets pot pots head heads"
)
#: One thing although a plural, and one thing with "a pair of" before it.
PAIRED = word_set(
    "glasses sunglasses eyeglasses spectacles binoculars scissors handcuffs headphones pants trousers jeans shorts "
    "goggles pliers tongs tweezers earphones"
)
#: Verbs that begin an instruction.
INSTRUCTIONS = word_set(
    "add adjust animate apply blend blur bring carve change cover crop cut decorate distort draw emboss fill flip "
    "frame give have include let make mirror paint place put render rotate set sharpen show sprinkle stretch tilt turn "
    "twist use vignette warp wrap"
)
