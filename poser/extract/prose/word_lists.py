"""Word classes of descriptive prose: what a tagger without a model has to know."""

from __future__ import annotations

from poser.experts.words import COLOR_WORDS, SIZE_WORDS
from poser.extract.words import word_set

DETERMINERS = word_set("a an the this that these those each every some any both another all several many few various "
                       "numerous multiple no either neither such countless")  # fmt: skip
POSSESSIVES = word_set("its his her their my your our whose")
PRONOUNS = word_set("it they he she them him itself themselves himself herself i we you us me everything nothing something "
                    "anything everyone someone one others")  # fmt: skip
BE = word_set("is are was were be been being")
AUXILIARIES = word_set("can could will would may might must should shall do does did has have had not")
RELATIVES = word_set("which that who where whose")
CONJUNCTIONS = word_set("and or but while whereas yet nor plus as if though although because so when than unless whether after before once")
ADVERBS = word_set(
    "very so just also too now here there quite rather almost nearly perhaps even still already always often never "
    "ever slightly somewhat more most less least further together apart away back forward forwards backward ahead "
    "down up out off overhead else however meanwhile otherwise instead once only well far close high low askew "
    "outward inward upward downward upwards downwards indoors outdoors mid about"
)
#: Not adverbs although they end in -ly.
LY_ADJECTIVES = word_set("curly wooly woolly friendly lively lonely lovely ugly silly fly jelly belly homely family "
                         "butterfly early elderly chilly prickly wrinkly sparkly bubbly burly hilly holly lily "
                         "ally bully doily dolly gully italy july tally trolley only assembly supply jolly oily "
                         "heavenly deadly ghostly stately costly crinkly bristly firefly dragonfly")  # fmt: skip

#: Single prepositions and what they say of two things; "" says nothing that a picture shows.
PREPOSITIONS: dict[str, str] = {
    **{word: word for word in (
        "in inside within behind through against around among amid amidst across along into onto between at amongst "
        "underneath outside").split()},
    **dict.fromkeys("on upon atop over above".split(), "above"),
    **dict.fromkeys("under below beneath underneath".split(), "below"),
    **dict.fromkeys("beside near by alongside nearby".split(), "next to"),
    **dict.fromkeys("amid amidst among amongst".split(), "among"),
    "inside": "in", "within": "in", "onto": "above",
    **dict.fromkeys("of to for from with without like during until since despite via per off about as toward towards beyond throughout past".split(), ""),
}  # fmt: skip
#: Prepositions of several words, longest first where one begins another.
LONG_PREPOSITIONS: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): relation
    for relation, phrases in {
        "above": "on top of, perched atop, over the top of",
        "in front of": "in front of, directly in front of, before",
        "behind": "in back of, at the back of",
        "next to": "next to, close to, adjacent to, by the side of, at the side of, to the side of, side by side with, "
                   "at the edge of, to one side of, on the side of, to the sides of",
        "left of": "to the left of, on the left of, on the left side of",
        "right of": "to the right of, on the right of, on the right side of",
        "in": "in the middle of, in the center of, in the centre of, inside of, in the midst of, at the center of, "
              "in the heart of",
        "below": "at the foot of, at the base of",
        "around": "around the base of, all around",
        "around.": "on either side of, on both sides of",
    }.items()
    for phrase in phrases.split(", ")
}  # fmt: skip
LONG_PREPOSITIONS = {words: relation.rstrip(".") for words, relation in LONG_PREPOSITIONS.items()}
#: Places of the picture, as said -> as the atom says them.
CANVAS: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): place
    for place, phrases in {
        "background": "in the background, in the far background, in the distance, in the backdrop",
        "foreground": "in the foreground",
        "center": "in the center, in the centre, in the middle, at the center, at the centre",
        "left": "on the left, to the left, on the left side, on the left-hand side, on the far left",
        "right": "on the right, to the right, on the right side, on the right-hand side, on the far right",
        "top": "at the top", "bottom": "at the bottom",
    }.items()
    for phrase in phrases.split(", ")
}  # fmt: skip

#: Nouns of amount and arrangement: "a row of bins" is about bins.
COLLECTIVES = word_set(
    "pair couple trio quartet duo group row rows line lines array variety collection set series cluster clusters bunch "
    "stack stacks pile piles handful number lot lots plenty selection assortment mixture mix sea patch patches bed "
    "piece pieces roll slice slices flock herd crowd fleet school swarm multitude range abundance dozens hundreds "
    "thousands scattering sprinkling ring circle dash sheet sheets strip strips spread display medley host wealth "
    "arrangement myriad expanse carpet blanket canopy body stretch touch hint kind type sort style pattern patterns "
    "wisps wisp bouquet procession swath smattering dusting array tangle trail mound mounds cascade cup glass plate"
)
#: Of these the thing that holds them is told too.
HOLDERS = word_set("bouquet cup glass plate bed pile stack blanket carpet canopy mound bowl pattern patterns ring circle trail")
NUMBERED = {"pair": (2, False), "couple": (2, False), "duo": (2, False), "trio": (3, False), "quartet": (4, False)}

#: Nouns that no picture shows as a thing of its own.
ABSTRACT = word_set(
    "sense contrast atmosphere feel feeling charm essence scene setting view backdrop background foreground addition "
    "appearance look looks style mood air nature hue hues tone tones shade shades color colors colour colours texture "
    "textures finish detail details way time day moment stance pose gaze expression attention focus point points "
    "interplay play aesthetic aesthetics vibe ambiance ambience elegance beauty warmth depth dimension dimensions "
    "movement motion energy life joy calm peace charm character style theme themes story history past future present "
    "era age past moment action activity space area areas place spot position angle angles side sides edge top bottom "
    "center centre middle corner front back rear left right end ends part parts half distance direction directions "
    "level eye-level height length width size shape shapes form forms composition arrangement order symmetry "
    "craftsmanship artistry workmanship quality use purpose function design designs style layout palette scheme "
    "perspective viewpoint vantage lens shot close-up frame image picture photo photograph photography illustration "
    "artwork render rendering depiction portrayal representation portrait canvas viewer viewers onlooker eye "
    "surroundings environment backdrop overall effect impression hint touch feature features element elements aspect "
    "air variety state condition process sense case fact kind type sort addition reminder testament tribute nod "
    "juxtaposition blend balance harmony chaos variation variations combination combinations series mix number range "
    "presence absence prominence simplicity complexity intricacy luxury comfort ease rest care haste silence sound "
    "sounds music noise smell scent aroma taste flavor flavour season winter summer autumn spring morning afternoon "
    "evening noon dusk dawn twilight midday hour hours minute minutes today now year years century imagination fantasy "
    "dream dreams narrative visual visuals gesture invitation option options purpose role rule tradition culture style "
    "flair flourish accent accents pop glory splendor grandeur majesty magic mystery wonder awe awareness memory focal "
    "posture confidence curiosity determination excitement anticipation concentration contemplation relaxation "
    "performance event competition journey adventure exploration conversation discussion chat game match attempt "
    "pattern patterns readiness aura realm undertones undertone nuance nuances proximity attire whole entirety entire "
    "vastness stillness darkness brightness lightness rhythm flow pace speed height scale proportion proportions "
    "resolution contours contour breeze wind sheen silhouette glow shimmer glimmer landscape works linework world "
    "boundary boundaries mid-air repose exposure emergency promise adventures tale tales remnant remnants descent disarray "
    "midnight comparison privacy service company contest sport winter-sport rush flurry bustle unison flight source "
    "glimpse lack test benefit effort program value potential skill skills status award acclaim interest intent contact "
    "gap inch inches reveal hazard curvature profile curve thought thoughts musings travel notion idea ideas concept "
    "moments example examples homage signature technique techniques brushwork usage experience experiences ensemble "
    "quietude anonymity solitude leisure breaks break rays-time daytime nighttime bustle hustle hygiene usefulness wear "
    "tear cut pursuit pursuits task tasks job jobs needs desire purposefulness temptation encounter fun delight "
    "refreshment trick tricks strength power force forces grip hold aim step next-step progress challenge goal goals "
    "variety genre resemblance likeness lifetime contrast-rich vitality camaraderie togetherness hospitality sustenance "
    "solace exuberance enthusiasm zest vigor joyfulness merriment cheer gaze-level perimeter midst core surface surfaces"
)
_ABSTRACT_ENDINGS = ("ness", "ity", "tion", "sion", "ism", "ship", "hood", "ance", "ence", "ment", "dom")
#: Things although they end like abstract nouns.
CONCRETE = word_set(
    "station television vegetation decoration decorations reflection reflections plantation ornament ornaments "
    "instrument instruments equipment pavement monument monuments garment garments apartment apartments appliance "
    "appliances ambulance entrance fence compartment document documents monument city university kingdom cushion "
    "pendant constellation constellations illustration parchment basement cement inscription moon lion mansion "
    "pavilion onion stallion attachment attachments machine battalion balance residence audience condiment condiments "
    "implement ointment tournament firmament formation formations foundation intersection accordion caption section "
    "sections pigment pigments fragment fragments cruise-ship ship warship battleship spaceship starship harness governess "
    "wilderness witness lioness medallion scorpion dandelion champion musician magician fountain mountain curtain "
    "crustacean ocean pagination fruition junction excavation installation population fixtures filament segment segments"
)

MATERIALS = word_set(
    "wood wooden metal metallic glass leather brick stone marble concrete ceramic porcelain plastic rubber paper "
    "cardboard fabric cotton wool woolen silk silken velvet satin linen denim straw wicker bamboo clay terracotta brass iron "
    "steel stainless aluminum tin chrome granite sandstone limestone cobblestone oak pine mahogany walnut cedar teak "
    "fleece canvas felt suede tweed nylon vinyl foam crystal tile tiled sand dirt earthen gravel asphalt thatched rattan "
    "oaken earthenware acrylic burlap lace stucco plaster adobe wrought-iron stainless-steel plush fur leather-like "
    "wood-paneled cobbled titanium bone quartz slate copper bronze gold silver knit knitted crocheted felted origami"
)
TEXTURES = word_set(
    "smooth rough matte glossy shiny polished soft fluffy furry fuzzy hairy silky bumpy coarse textured rugged glazed "
    "woven ribbed striped plaid checkered checked floral patterned tartan spotted dotted speckled marbled weathered worn "
    "cracked wrinkled velvety grainy gritty jagged scaly crusty frosted lacquered varnished gleaming lustrous brushed "
    "embossed quilted paisley houndstooth polka-dot polka-dotted fibrous foamy feathery spiky prickly slick satiny "
    "reflective"
)
SHAPES = word_set(
    "round rounded circular square rectangular triangular oval spherical cylindrical conical cubic hexagonal octagonal "
    "curved crescent pointed flat arched angular geometric spiral sharp domed twisted straight heart-shaped star-shaped "
    "pyramidal cubical oblong tapered bulbous symmetrical asymmetrical spiraling coiled zigzag wavy curly diamond-shaped"
)
SIZES = word_set(
    "tall short long wide narrow thick thin slender spacious vast expansive massive broad deep shallow heavy slim "
    "lengthy sprawling imposing substantial medium-sized life-sized full-sized sizable bulky fine"
) | frozenset(word for word in SIZE_WORDS if " " not in word)
ADJECTIVES = word_set(
    "lush calm clear bright dark pale deep rich bold sleek sturdy elegant modern old new young ancient antique vintage "
    "retro classic rustic quaint cozy warm cool cold hot dry wet fresh ripe raw clean dirty neat tidy messy empty full "
    "open closed bare bald blank busy quiet loud gentle fierce brave proud happy sad angry joyful cheerful playful "
    "serene tranquil peaceful still dense thick sparse wild tame free loose tight firm light heavy strong weak simple "
    "plain ornate intricate delicate detailed elaborate complex abstract surreal whimsical quirky fantastical magical "
    "mystical mysterious eerie spooky majestic regal royal noble grand stately humble modest solitary lone single sole "
    "double triple twin identical similar different distinct unique rare common usual unusual typical traditional "
    "contemporary futuristic urban rural suburban rustic industrial natural artificial digital electric electronic "
    "mechanical medieval gothic baroque victorian oriental asian european japanese chinese indian african american "
    "french italian english german spanish egyptian greek roman persian scottish tropical exotic local commercial "
    "vibrant vivid dull faint subtle muted soft harsh stark sharp crisp blurry hazy misty foggy cloudy sunny rainy "
    "snowy stormy windy icy frosty dusty sandy rocky grassy leafy mossy bushy woody muddy watery juicy creamy tasty "
    "spicy sweet sour bitter fluffy curly wavy straight silent noisy lively dynamic static upright vertical horizontal "
    "diagonal parallel central front rear upper lower inner outer outdoor indoor overhead underwater distant nearby "
    "visible hidden transparent translucent opaque clear sheer luminous radiant brilliant dazzling ethereal "
    "iridescent fluorescent neon pastel monochromatic monochrome colorful colourful multicolored multi-colored "
    "tricolored golden silvery metallic holographic prismatic psychedelic earthy fiery stylish trendy fashionable "
    "casual formal fancy luxurious plush comfortable inviting practical functional compact portable spare extra main "
    "primary secondary large-scale handheld handmade homemade verdant barren craggy rugged steep shallow curious "
    "attentive alert sleepy drowsy weary tired lazy eager confident stoic stern solemn serious mischievous adorable "
    "cute charming lovely pretty beautiful gorgeous handsome ugly scary comical humorous funny silly graceful swift "
    "fast slow quick agile nimble mighty powerful ceremonial festive tempting delicious succulent crunchy crispy "
    "golden-brown precise exact even uneven random regular irregular high low fat lean chubby plump skinny muscular "
    "stout wispy feathered winged horned bearded barefoot shirtless headless eternal celestial cosmic lunar solar "
    "starry moonlit sunlit candlelit dim twilit gloomy dreary bleak somber sombre ominous romantic nostalgic dreamy "
    "otherworldly hyper-realistic photorealistic realistic lifelike cartoonish animated minimalist minimalistic "
    "cinematic epic high-tech high-resolution close-up dapper scruffy shaggy unkempt disheveled slick wooly prominent "
    "iconic famous renowned historic sacred holy divine infinite endless pristine robust stiff slight ideal occasional "
    "quintessential stationary adjacent erect ajar aglow dormant flush idle evident devoid imminent perfect friendly "
    "public runny unlit murky glittery mere awash aloft taut secure solid smaller larger bigger taller darker lighter "
    "brighter longer shorter other additional own same entire whole certain respective overall aged ambient diffuse "
    "unseen potential temporary residential individual surrounding reminiscent akin ready able unable due quintessential "
    "ultimate prime meek worn-out worn-in half-full half-empty wide-open off-white clad laden intact fellow absent present "
    "late early recent daily evening-time mid-sized makeshift savory savoury exquisite picturesque impressive aesthetic "
    "decorative considerable friendly spectral skyward airborne ablaze adrift astray afloat afoot asleep awake alive alone "
    "unaware aware immense hefty glitzy gaudy bygone newfound worthwhile underlying overlying opposite various-sized "
    "long-forgotten rough-hewn free-standing freestanding light-gray moody sunken slender thatched ordinary extraordinary "
    "imaginary legendary contrary involuntary diminutive attentive mini miniature petite spare utmost foremost innermost"
) | frozenset(word for word in COLOR_WORDS if " " not in word)
_ADJECTIVE_ENDINGS = ("ional", "ural", "ical", "ental", "ful", "ous", "ive", "less", "ish", "able", "ible", "ical", "ular", "esque", "like", "shaped",
                      "sized", "colored", "coloured", "style", "themed", "inspired", "looking", "ic")  # fmt: skip
_NOT_ADJECTIVES = word_set("fabric music magic plastic dish fish table vegetable olive mosaic relic cable attic comic "
                           "brush traffic graphic topic picnic clinic cosmic-dust detective locomotive arctic fic "
                           "radish goldfish starfish jellyfish captive relative octopus walrus citrus cactus bus "
                           "hippopotamus bible marble collectible lunch-table timetable republic sonic mechanic "
                           "finish varnish parish blemish furnish critic skeptic public garlic tunic bicycle particle freestyle lifestyle archive dive "
                           "hive drive five beehive timepiece")  # fmt: skip


#: Adjectives that stand alone as nouns.
AS_NOUNS = word_set(
    "glass metal wood stone brick paper orange gold silver fur lace canvas straw sand ice felt silk leather fabric "
    "crystal clay concrete marble tile bamboo plastic cotton square circular rose plum olive lavender violet denim "
    "chocolate copper bronze wicker cardboard tin steel iron foam bone dirt gravel asphalt rust light cobblestone "
    "amber coral mint turquoise cherry peach oak pine walnut velvet linen salmon pumpkin lime"
)


#: Adjectives that tell nothing of what a picture shows.
EMPTY = word_set(
    "other additional own same entire whole certain respective overall main various similar different usual typical "
    "common matching potential ready able unable due evident devoid unaware aware absent present able late early recent "
    "surrounding adjacent individual reminiscent akin clad laden visible striking captivating stunning breathtaking "
    "impressive notable remarkable unseen featuring including casting creating adding making showing providing several "
    "such particular specific necessary essential fellow second third first last next famous renowned iconic "
    "stark unique distinct distinctive unusual ultimate utmost charming lovely pretty gorgeous perfect ideal"
)

#: Nouns of masses that need no article.
MASS = word_set(
    "water grass snow ice sand foliage greenery sunlight moonlight light lighting steam smoke mist fog rain hair fur milk "
    "coffee tea wine beer juice bread cheese rice meat chocolate cake sugar salt flour butter honey cream frosting paint "
    "ink chalk dust dirt mud soil gravel moss ivy vegetation algae seaweed coral graffiti text lettering writing jewelry "
    "jewellery makeup furniture equipment clothing luggage traffic armor armour wallpaper wood metal glass leather stone "
    "marble concrete brick fabric silk lace velvet cotton plastic paper tape wire rope string fruit food pasta soup salad "
    "pizza bacon ham lettuce spinach basil parsley corn wheat hay straw bamboo lava fire flame lightning foam froth "
    "starlight candlelight daylight sunshine cardboard toilet-paper silverware cutlery stationery machinery pottery "
    "embroidery stitching cement tile cereal popcorn ash debris rubble confetti glitter frost dew ocean sea sky "
    "earth mustard ketchup seafood sushi syrup jam jelly yogurt oatmeal"
)


def is_adjective(word: str) -> bool:
    """True for a word that describes rather than names."""
    if word in ADJECTIVES or word in MATERIALS or word in TEXTURES or word in SHAPES or word in SIZES:
        return True
    return word not in _NOT_ADJECTIVES and len(word) > 5 and word.endswith(_ADJECTIVE_ENDINGS)


def is_abstract(word: str) -> bool:
    """True for a noun that names nothing to be seen by itself."""
    if word in CONCRETE or word in {"edges", "corners", "figures", "works"}:
        return False
    if word in ABSTRACT or word.removesuffix("s") in ABSTRACT or (word.startswith("mid-") and len(word) < 14):
        return True
    stem = word.removesuffix("s") if not word.endswith("ss") else word
    return word not in CONCRETE and len(stem) > 6 and stem.endswith(_ABSTRACT_ENDINGS)


def kind_of(word: str) -> str:
    """What an adjective tells of a thing: "color", "size", "material", "texture", "shape" or "other"."""
    if word in COLOR_WORDS and word not in {"metallic", "rusty", "snowy", "ash"}:
        return "color"
    if word in MATERIALS:
        return "material"
    if word in TEXTURES:
        return "texture"
    if word in SHAPES or word.endswith("shaped"):
        return "shape"
    return "size" if word in SIZES or word.endswith("sized") else "other"
