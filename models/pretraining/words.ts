/**
 * The words of the made-up pages: a mix of common words, words made of syllables, and random pieces, so that the model must
 * copy unseen words instead of remembering seen ones.
 */
import type { Random } from './random.ts'

const COMMON =
  `able account acorn actor adobe agenda alarm album alley almond alpha amber anchor angle apple april apron arch arena arrow atlas attic autumn avenue
bacon badge bagel bakery balance bamboo banana banner basil basket beacon beach bean bear berry bicycle birch biscuit blanket blossom board boat bonus book
border bottle boulder bracket branch brass bread breeze brick bridge bright broom brush bubble bucket budget buffer bundle butter button cabin cable cactus
calendar camera camp canal candle canvas canyon captain caravan cargo carpet castle catalog cedar cellar center chair chalk channel chapter charm chart
cheese cherry chest circle citrus clay clinic clock cloud clover coast cobalt coffee collar colony comet compass copper coral corner cotton council county
courier cradle crane crater crayon cream credit cricket crown crystal current curtain cycle daisy dance daylight delta deposit desert detail device diamond
digest dinner discount dolphin donkey doorway draft dragon drawer driver drum eagle early earth echo editor elbow elder ember engine engraver entry envelope
estate evening event exhibit fabric falcon family farmer feather fence fern ferry fiddle field figure filter final finch finger fjord flag flame flavor
fleet flint flower flute folder forest forum fossil fountain frame freight friend frost fruit gallery garden garlic gather gentle ginger glacier glass glove
golden gondola gown grain granite grape graph gravel green grocery guest guide guitar gull hammer hammock handle harbor harvest hazel heart helmet herald
heron hill history hollow honey horizon hotel house hunter iceberg idea igloo index inlet insect invoice island ivory jacket jaguar jasmine jelly journal
jungle juniper kayak kernel kettle kitchen kite kiwi koala ladder lagoon lake lamp lantern larch laser lavender layer leaf ledger lemon letter level library
lily linen lizard lobby locket lotus lunch lyric magnet mango manual maple marble margin market meadow medal melody member memory menu mercury message meter
midnight mint mirror mist model moment monsoon morning mosaic moss motor mountain museum music mustard napkin nature nebula nectar needle nest network nickel
night noodle north notebook notice number nutmeg oasis object ocean office olive onion opal opera orange orbit orchard order organ origin otter outline oval
owner oyster package paddle page palace palm panda panel paper parade parcel park parrot partner pasta path patio peach peanut pearl pebble pencil pepper
period petal phrase piano picnic picture pigeon pillow pilot pine pioneer pixel planet plaster plate plaza plum pocket poem point polar pond poppy portal
postcard potato powder prairie price print prism profile project public puddle pumpkin puppet purple puzzle quarry quartz queen quill quilt rabbit radar
radio raft rain ranch raven reader record reef region relay report reserve result ribbon rice ridge river road robin rocket roof room rose route royal ruby
sable saddle sail salad salmon salt sample sandal satin saucer scale scarf scene school scooter screen script season second seed sender shadow shark shelf
shell shield shore signal silk silver sketch slate sled smoke snow soap socket solar sonnet soup south spark sparrow spice spider spiral spoon spring spruce
square stable stamp star station statue steam stone storm story stream street studio sugar summer sunset surface swan symbol syrup table tailor talent tango
target tavern temple tennis theater thistle thread thunder ticket tiger timber title toast token tomato topic torch total tower trail train travel treasure
tree trumpet tulip tundra tunnel turtle twig umbrella union unit upper valley value vanilla vapor vault velvet vendor venue version vessel view village
vine violet violin vision visitor voice volcano voyage wagon walnut water wave weather west whale wheat wheel whistle willow window winter wisdom wolf
wonder wood worker yard year yellow yogurt zebra zenith zipper zone`.split(/\s+/)

const NAMES =
  `Ada Aiko Alan Amara Andre Anita Arno Bela Boris Carla Chidi Clara Dario Delia Dmitri Edith Elio Emeka Erik Fatima Felix Freya Gina Gustav Hana Hector Ines Ivan Jana
Jorge Kamal Karin Kofi Lars Leila Lina Luca Maeve Marek Mei Milan Nadia Nico Nora Olga Omar Otto Paula Pavel Petra Quinn Rafael Rania Rosa Samir Sara Silas Sven
Tara Thea Tomas Uma Vera Viktor Wanda Yara Yusuf Zara Zoe`.split(/\s+/)

const ONSETS =
  'b c d f g h j k l m n p r s t v w z bl br ch cl cr dr fl fr gl gr pl pr qu sh sk sl sm sn sp st str th tr'.split(' ')
const NUCLEI = 'a e i o u a e i o u ae ai au ea ee ia ie io oo ou ue'.split(' ')
const CODAS = '     l m n r s t x d k nt rs st nd lt ct ng ck mp ss us um is'.split(' ')

/** One word, capitalised or not: common, made of syllables, or a random piece. */
export function word(random: Random): string {
  const kind = random.next()
  if (kind < 0.3) return punctuated(random, random.pick(COMMON))
  if (kind < 0.37) return random.pick(NAMES)
  if (kind < 0.76) return punctuated(random, casing(random, syllables(random)))
  if (kind < 0.79) return foreign(random)
  return piece(random)
}

/** Letters of other scripts. A byte-level vocabulary writes each with two or three tokens, which have to be copied in order. */
function foreign(random: Random): string {
  const [first, last] = random.pick(SCRIPTS)
  return Array.from({ length: random.integer(1, 5) }, () => String.fromCodePoint(random.integer(first, last))).join('')
}

const SCRIPTS = [
  [0x3b1, 0x3c9],
  [0x410, 0x44f],
  [0x5d0, 0x5ea],
  [0x3042, 0x3093],
  [0x30a2, 0x30f3],
  [0x4e00, 0x9fa0],
  [0xac00, 0xd7a3],
  [0xc0, 0xff],
] as const

/** Words from a running text, with its commas and full stops. */
function punctuated(random: Random, text: string): string {
  return random.chance(0.07) ? text + random.pick([',', '.', '.', '...']) : text
}

/** A person's first name, real or made up. */
export function personName(random: Random): string {
  return random.chance(0.4) ? random.pick(NAMES) : capitalise(syllables(random))
}

/** A few words: a title, the text of a link, a search. */
export function phrase(random: Random, low: number, high: number): string {
  const words = Array.from({ length: random.integer(low, high) }, () => word(random))
  return words.join(' ')
}

/** A filler sentence between the elements of a page. */
export function filler(random: Random): string {
  const text = phrase(random, 3, 9)
  return capitalise(text) + (random.chance(0.7) ? '.' : '')
}

/** Running text of several sentences, some of one word, as long as a field's value may be. */
export function runningText(random: Random, words: number): string {
  const sentences: string[] = []
  for (let left = words; left > 0; ) {
    const length = Math.min(left, random.integer(1, 6))
    const text = phrase(random, length, length).replace(/[,.]+$/, '')
    sentences.push(`${capitalise(text)}.`)
    left -= length
  }
  return sentences.join(' ')
}

/** What people type: a word, a password, a number, a date, an address, a phrase. */
export function typedText(random: Random): string {
  const kind = random.next()
  if (kind < 0.4) return word(random)
  if (kind < 0.6) return piece(random)
  if (kind < 0.7) return digits(random, random.integer(1, 6))
  if (kind < 0.76) return `${syllables(random)}@${syllables(random)}.${random.pick(['com', 'org', 'net'])}`
  if (kind < 0.83) return date(random)
  if (kind < 0.88) return `${digits(random, 3)}-${digits(random, 3)}-${digits(random, 4)}`
  return phrase(random, 2, 4)
}

/** Random letters and digits, like a password. */
export function piece(random: Random): string {
  const alphabet = random.pick([
    'abcdefghijklmnopqrstuvwxyz',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  ])
  return Array.from({ length: random.integer(2, 7) }, () => random.pick([...alphabet])).join('')
}

export function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.integer(0, 9)).join('')
}

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function date(random: Random): string {
  const [day, month, year] = [random.integer(1, 28), random.integer(1, 12), random.integer(1990, 2030)]
  const two = (part: number) => String(part).padStart(2, '0')
  return random.pick([
    `${two(day)}/${two(month)}/${year}`,
    `${year}-${two(month)}-${two(day)}`,
    `${two(random.integer(0, 23))}:${two(random.integer(0, 59))}`,
  ])
}

const ACCENTS: Readonly<Record<string, string>> = { a: 'á', e: 'é', i: 'í', o: 'ö', u: 'ü', n: 'ñ', c: 'ç', s: 'š' }

/** A made-up word. */
export function syllables(random: Random): string {
  const accented = random.chance(0.04)
  const parts = Array.from(
    { length: random.integer(1, 3) },
    () => random.pick(ONSETS) + random.pick(NUCLEI) + random.pick(CODAS),
  )
  const text = parts.join('')
  return accented ? text.replace(/[aeiouncs]/, (letter) => ACCENTS[letter]!) : text
}

function casing(random: Random, text: string): string {
  const kind = random.next()
  if (kind < 0.65) return text
  return kind < 0.95 ? capitalise(text) : text.toUpperCase()
}
