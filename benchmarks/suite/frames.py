"""Sentence frames and words for `make_templates.py`: at least twelve frames for each construct.

`{a}` is the group as first named ("two red cars"), `{the}` the group named again ("the cars"), `{it}` its pronoun;
upper case at the start of a placeholder gives it a capital. A verb placeholder agrees with the group's number.
"""

VERBS = {
    "is_": ("is", "are"),
    "stands": ("stands", "stand"),
    "sits": ("sits", "sit"),
    "goes": ("goes", "go"),
    "belongs": ("belongs", "belong"),
    "appears": ("appears", "appear"),
    "comes": ("comes", "come"),
    "has": ("has", "have"),
    "waits": ("waits", "wait"),
    "obj": ("it", "them"),
    "does": ("does", "do"),
    "turns": ("turns", "turn"),
}

PLACED = (
    "{A} {is_} {place}.",
    "{Place} there {is_} {a}.",
    "Put {a} {place}.",
    "{Place}, {a}.",
    "I want {a} {place}.",
    "{Place} you see {a}.",
    "{A} {belongs} {place}.",
    "{Place} {sits} {a}.",
    "Please place {a} {place}.",
    "Let {a} appear {place}.",
    "{A} {goes} {place}, please.",
    "Reserve the spot {place} for {a}.",
    "We need {a}, and {it} should be {place}.",
    "{A}: {place}.",
)

RELATED = (
    "{Rel} {is_} {a}.",
    "There {is_} {a} {rel}.",
    "Add {a} {rel}.",
    "{A} {stands} {rel}.",
    "{Rel}, put {a}.",
    "{Rel} you will find {a}.",
    "{A} should be {rel}.",
    "I'd also like {a} {rel}.",
    "{Rel} we see {a}.",
    "Next, {a} {rel}.",
    "Then {comes} {a} {rel}.",
    "{Rel} there must be {a}.",
    "{A} {has} a place {rel}.",
    "Also, {a}; {it} {waits} {rel}.",
)

BARE = (
    "{A} {is_} part of the scene too.",
    "There {is_} also {a}.",
    "Include {a}.",
    "Add {a} somewhere.",
    "{A} should not be missing.",
    "Also {a}.",
    "Don't forget {a}.",
    "Plus {a}, wherever there is room.",
    "{A} can go anywhere.",
    "We also need {a}.",
    "Somewhere {appears} {a}.",
    "Throw in {a}.",
    "And {a}, please.",
)

BACKGROUND = (
    "The background is {scene}.",
    "Use {scene} as the background.",
    "Backdrop: {scene}.",
    "In the background there is {scene}.",
    "Background: {scene}.",
    "Everything is set against {scene}.",
    "Behind it all, {scene}.",
    "For the backdrop, choose {scene}.",
    "The setting is {scene}.",
    "As a background I'd like {scene}.",
    "Make {scene} the backdrop.",
    "The whole scene has {scene} behind it.",
)

PLAIN_BACKGROUND = (
    "The background is plain {color}.",
    "Use a plain {color} background.",
    "Background: {color}.",
    "Put everything on a solid {color} background.",
    "The backdrop is simply {color}.",
    "All of it on a {color} background, please.",
    "Keep the background {color}.",
    "A flat {color} backdrop will do.",
    "I want a {color} background.",
    "Backdrop: solid {color}.",
    "For the background take plain {color}.",
    "Let the background be {color} and nothing else.",
)

SCENES = {
    "sky": ("a clear blue sky", "a sunny sky"),
    "night": ("a night sky", "a starry night sky"),
    "sunset": ("a sunset", "a sunset sky"),
    "sea": ("the open sea", "the ocean"),
    "beach": ("a sandy beach", "a beach"),
    "meadow": ("a green meadow", "a grassy field"),
    "desert": ("a desert", "a sandy desert"),
    "snow": ("a snowy landscape", "a snowy field"),
    "mountains": ("mountains", "a mountain range"),
    "forest": ("a forest", "the woods"),
    "city": ("a city", "a city skyline"),
    "space": ("outer space", "deep space"),
    "underwater": ("the seabed", "an underwater scene"),
    "room": ("a living room", "a room"),
}

TEXT = (
    "The words {q} appear {place}{how}.",
    "Write {q} {place}{how}.",
    "{place}, it says {q}{how}.",
    "Put the text {q} {place}{how}.",
    "Add the title {q}{how} {place}.",
    "{place} there should be the lettering {q}{how}.",
    "The headline {q} goes {place}{how}.",
    "I want to read {q} {place}{how}.",
    "A caption {place} says {q}{how}.",
    "Text {place}: {q}{how}.",
    "Please letter {q} {place}{how}.",
    "{place}, the inscription {q}{how}.",
    "Include the slogan {q}{how} {place}.",
)

STYLE = (
    "Make it look like {style}.",
    "Render everything as {style}.",
    "The whole picture should resemble {style}.",
    "Style: {style}.",
    "Draw all of it as {style}.",
    "The overall look is that of {style}.",
    "Do this in the manner of {style}.",
    "I imagine {style}.",
    "Treat the entire image like {style}.",
    "It should come across as {style}.",
    "As for the style, {style}.",
    "Give the whole thing the feel of {style}.",
)

STYLES = {
    "watercolor": ("a watercolor", "a watercolour painting"),
    "oil painting": ("an oil painting", "an oil painting on canvas"),
    "pencil sketch": ("a pencil sketch", "a pencil drawing"),
    "pixel art": ("pixel art", "8-bit pixel art"),
    "mosaic": ("a mosaic", "a tile mosaic"),
    "comic": ("a comic", "a comic book"),
    "vintage": ("a vintage photo", "an old photograph"),
    "poster": ("a screen print", "a travel poster"),
    "chalk": ("a chalk drawing", "chalk art"),
    "cross-stitch": ("cross-stitch", "embroidery"),
}

ABSENCE = (
    "There are no {many}.",
    "No {many}, please.",
    "Leave out any {many}.",
    "Do not include {many}.",
    "I don't want any {many}.",
    "There must not be any {many} in it.",
    "Avoid {many}.",
    "Without {many}.",
    "{many} are not allowed.",
    "Under no circumstances show {many}.",
    "The picture contains no {many}.",
    "Please, not a trace of {many}.",
)

NO_TEXT = (
    "There is no text.",
    "No lettering, please.",
    "Leave out any text.",
    "Do not write anything.",
    "It has no caption or other text.",
    "No words anywhere.",
    "I don't want any lettering.",
    "There must not be any writing.",
    "Without any text.",
    "The picture stays free of text.",
    "Nothing is written on it.",
    "Avoid text altogether.",
)

RECOLOR = (
    "Then make {the} {color}.",
    "On second thought, {the} should be {color}, not {old}.",
    "Now change the color of {the} to {color}.",
    "Actually, make {the} {color} instead.",
    "Correction: {the} {is_} {color}.",
    "After that, paint {the} {color}.",
    "Sorry, I meant {color} for {the}.",
    "Finally, turn {the} {color}.",
    "And recolor {the} to {color}.",
    "Wait, {color} would be better for {the} than {old}.",
    "Instead of {old}, {the} shall be {color}.",
    "Change {the} from {old} to {color}.",
)

REPLACE = (
    "Then replace {the} with {new}.",
    "On second thought, swap {the} for {new}.",
    "Instead of {the}, use {new}.",
    "Actually, exchange {the} for {new}.",
    "Now turn {the} into {new}.",
    "Correction: {new} instead of {the}.",
    "Make that {new} rather than {the}.",
    "Finally, put {new} where {the} {is_}.",
    "{The} should become {new}.",
    "Sorry, not {the} but {new} in that spot.",
    "Substitute {new} for {the}.",
    "Change {the} to {new}.",
)

REMOVE = (
    "Then remove one of {the}.",
    "On second thought, take away one of {the}.",
    "Now delete one of {the}.",
    "Actually, one of {the} can go.",
    "Finally, drop one of {the} again.",
    "Remove one {one}, so that {number} will be left.",
    "One of {the} is too many, erase it.",
    "After that, get rid of one {one}.",
    "Please take one of {the} out again.",
    "Make it one {one} less.",
    "Cut one of {the}.",
    "Correction: one {one} fewer, which leaves {number}.",
)

MORE = (
    "Then add one more {one}.",
    "On second thought, add another {one} to {the}.",
    "Now put one more {one} there, {number} in all.",
    "Actually, make it {number} {many}.",
    "Finally, let there be {number} {many}, not fewer.",
    "Add another {one}, so that there are {number} of them.",
    "Correction: {number} {many}.",
    "After that, one more {one} joins {the}.",
    "One more {one}, please, for a total of {number}.",
    "Increase the number of {many} to {number}.",
    "I changed my mind: {number} {many}.",
    "Sorry, I meant {number} {many}.",
)

OPENINGS = (
    "Hello! Here is what I have in mind.",
    "Please make the following picture.",
    "We need an illustration for our newsletter.",
    "A square picture, please.",
    "Here comes my wish list:",
    "Briefing for the new cover:",
    "Could you draw this for me?",
    "Our team agreed on this scene.",
    "This one is for the website.",
    "Let me describe what I would like to see.",
    "Image request, details below.",
    "I have a very clear idea of this picture.",
)

CLOSINGS = ("", "", "", "Thanks a lot!", "That is all.", "Thank you!", "Looking forward to the result.")

PLACE_WORDS = {
    "left": ("on the left", "on the left side", "on the left-hand side"),
    "right": ("on the right", "on the right side", "on the right-hand side"),
    "top": ("at the top", "at the top of the picture", "in the upper part"),
    "bottom": ("at the bottom", "at the bottom of the picture", "in the lower part"),
    "center": ("in the center", "in the middle", "in the centre of the picture"),
    "top left": ("in the top left corner", "at the top left", "in the upper left corner"),
    "top right": ("in the top right corner", "at the top right", "in the upper right corner"),
    "bottom left": ("in the bottom left corner", "at the bottom left", "in the lower left corner"),
    "bottom right": ("in the bottom right corner", "at the bottom right", "in the lower right corner"),
}

RELATION_WORDS = {
    "left of": ("to the left of", "left of", "on the left of"),
    "right of": ("to the right of", "right of", "on the right of"),
    "above": ("above", "over", "higher up than", "right above"),
    "below": ("below", "under", "underneath", "beneath"),
    "next to": ("next to", "beside", "right next to", "close to"),
    "between": ("between", "in between", "halfway between"),
}

COLOR_WORDS = {
    "black": ("black", "jet black"),
    "white": ("white", "snow-white"),
    "gray": ("gray", "grey", "silver"),
    "red": ("red", "crimson", "scarlet"),
    "orange": ("orange", "bright orange"),
    "yellow": ("yellow", "golden"),
    "green": ("green", "emerald green", "dark green"),
    "blue": ("blue", "navy blue", "light blue"),
    "purple": ("purple", "violet"),
    "pink": ("pink", "hot pink"),
    "brown": ("brown", "chocolate brown"),
}

SIZE_WORDS = {"small": ("small", "tiny", "little"), "large": ("large", "big", "huge")}

TEXTS = (
    "GRAND OPENING", "Chapter 9", "50% OFF", "Hello, World!", "ROUTE 66", "Game Over", "Happy New Year", "No. 17",
    "FRESH & LOCAL", "Tea Time", "STOP", "Since 1954", "Episode 3", "Win $100", "Open Day", "MEET UP @ 8", "EXIT",
    "Made by hand", "Level 12", "NEWS", "1, 2, 3, go!", "Best of 2024", "LOST?", "Room 101", "Save the date",
    "Plan B", "Team Red", "TRY AGAIN", "A to Z", "Summer Camp", "Thank you!", "24/7", "Ready?", "Version 4.2",
    "Home Sweet Home", "BREAKING", "Ω = 42", "Весна", "Bon voyage", "KEEP OUT",
)  # fmt: skip

#: Canonical nouns that are drawn from; each can be counted.
NOUNS = (
    "cat", "dog", "horse", "cow", "fish", "frog", "hippo", "otter", "spider", "bug", "dragon", "crow", "dove",
    "astronaut", "robot", "ghost", "snowman", "ninja", "doctor", "nurse", "teacher", "skier", "cyclist",
    "tree", "leaf", "seedling", "clover", "lotus", "star", "cloud", "snowflake", "tornado",
    "mountain", "volcano", "house", "church", "hospital", "hotel", "school", "shop", "factory", "castle", "igloo",
    "tent", "bridge", "pagoda", "watchtower", "door", "apple", "lemon", "carrot", "burger", "pizza", "cookie", "cake",
    "waffle", "ice cream", "mug", "cup", "wine glass", "jar", "spoon", "plate", "car", "taxi", "bus", "van", "truck",
    "ambulance", "motorcycle", "bicycle", "train", "tram", "ship", "sailboat", "plane", "helicopter", "rocket",
    "tractor", "satellite", "anchor", "lifebuoy", "traffic light", "chair", "couch", "bed", "bathtub", "rug",
    "light bulb", "umbrella", "broom", "bucket", "fan", "key", "padlock", "bell", "gift", "box", "basket",
    "shopping bag", "shirt", "cowboy hat", "wizard hat", "crown", "ring", "gem", "suitcase", "briefcase", "compass",
    "flag", "hammer", "wrench", "screwdriver", "toolbox", "gear", "magnet", "magnifying glass", "paintbrush", "palette",
    "bomb", "shield", "book", "newspaper", "envelope", "pencil", "calendar", "calculator", "stapler", "pushpin",
    "microscope", "megaphone", "puzzle piece", "guitar", "drum", "microphone", "radio", "television", "laptop",
    "smartphone", "phone", "camera", "game controller", "floppy disk", "clock", "stopwatch", "hourglass", "target",
    "piggy bank", "credit card", "syringe", "heart", "brain", "eye", "hand", "dumbbell", "basketball", "soccer ball",
    "trophy", "medal", "chess knight", "chess queen", "musical note", "speech bubble", "smiley", "mitten", "feather",
    "egg", "bone", "skull",
)  # fmt: skip

SYNONYMS = {
    "car": (("automobile", "automobiles"), ("sedan", "sedans")),
    "cat": (("kitten", "kittens"), ("kitty", "kitties")),
    "dog": (("puppy", "puppies"), ("hound", "hounds")),
    "horse": (("pony", "ponies"), ("stallion", "stallions")),
    "frog": (("toad", "toads"),),
    "crow": (("raven", "ravens"),),
    "dove": (("bird", "birds"), ("pigeon", "pigeons"), ("seagull", "seagulls")),
    "bug": (("beetle", "beetles"), ("ladybug", "ladybugs")),
    "astronaut": (("cosmonaut", "cosmonauts"),),
    "doctor": (("physician", "physicians"),),
    "cyclist": (("biker", "bikers"),),
    "lotus": (("flower", "flowers"),),
    "tree": (("pine tree", "pine trees"), ("fir", "firs")),
    "house": (("cottage", "cottages"), ("cabin", "cabins")),
    "church": (("chapel", "chapels"),),
    "burger": (("hamburger", "hamburgers"),),
    "pizza": (("slice of pizza", "slices of pizza"),),
    "cookie": (("biscuit", "biscuits"),),
    "ice cream": (("ice cream cone", "ice cream cones"),),
    "taxi": (("cab", "cabs"),),
    "truck": (("lorry", "lorries"),),
    "motorcycle": (("motorbike", "motorbikes"),),
    "bicycle": (("bike", "bikes"),),
    "train": (("locomotive", "locomotives"),),
    "tram": (("streetcar", "streetcars"),),
    "ship": (("boat", "boats"), ("steamship", "steamships")),
    "sailboat": (("yacht", "yachts"),),
    "plane": (("airplane", "airplanes"), ("jet", "jets")),
    "rocket": (("spaceship", "spaceships"),),
    "couch": (("sofa", "sofas"),),
    "rug": (("carpet", "carpets"),),
    "gift": (("present", "presents"),),
    "box": (("parcel", "parcels"), ("cardboard box", "cardboard boxes")),
    "bucket": (("pail", "pails"),),
    "broom": (("broomstick", "broomsticks"),),
    "shirt": (("t-shirt", "t-shirts"),),
    "gem": (("jewel", "jewels"),),
    "wrench": (("spanner", "spanners"),),
    "gear": (("cogwheel", "cogwheels"),),
    "magnifying glass": (("loupe", "loupes"),),
    "television": (("tv", "tvs"),),
    "smartphone": (("mobile phone", "mobile phones"),),
    "light bulb": (("lamp", "lamps"),),
    "speech bubble": (("speech balloon", "speech balloons"),),
}
