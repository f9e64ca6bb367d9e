"""The verbs that the grammar knows, by what they need beside them and where people do them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from regard.translation.phrasebook import english, spanish
from regard.translation.phrasebook.nouns import Noun, pool
from regard.translation.phrasebook.units import Unit, unit


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """A verb in both languages.

    objects: what it is done to. where: the places (see phrases.PLACES) where people do it.
    bridge: the words between it and its object (con, with). reason: why (see phrases.REASONS).
    """

    spanish: spanish.SpanishForms
    english: english.EnglishForms
    reflexive: bool
    stative: bool  # never in the progressive
    present_only: bool  # quiso and conoció mean something else than wanted and knew
    past_only: bool  # nobody plans to lose a key
    unplanned: bool  # nobody wants to cry
    objects: tuple[Noun, ...]
    where: str
    bridge: Unit
    reason: str

    def spanish_words(self) -> Iterator[str]:
        """Every Spanish form that the grammar says, with what it attaches to the infinitive."""
        forms = self.spanish
        yield from (word for word, _ in self.bridge.spanish)
        if not self.past_only:
            yield from forms.present
        if self.present_only:
            return
        yield from (*forms.preterite, forms.participle)
        if self.past_only:
            return
        yield forms.infinitive
        if not self.stative:
            yield forms.gerund
        if self.reflexive:
            yield from (forms.infinitive + pronoun for pronoun in ("me", "te", "se", "nos"))


_NOTHING = unit(":")


def _verbs(text: str) -> tuple[Verb, ...]:
    """Read a table: `infinitive[/change] | English | objects | where [| bridge] [| reason]`.

    `*` in front marks what is never in the progressive, `!` what is only used in the present,
    `<` what is only told when it is done, `-` what nobody does on purpose.
    """
    found = []
    for line in text.strip().splitlines():
        fields = [field.strip() for field in line.split("|")]
        fields += [""] * (6 - len(fields))
        infinitive, _, change = fields[0].lstrip("*!<-").partition("/")
        found.append(
            Verb(
                spanish=spanish.conjugate(infinitive.removesuffix("se"), change),
                english=english.verb(fields[1]),
                reflexive=infinitive.endswith("se"),
                stative=line[0] in "*!",
                present_only=line[0] == "!",
                past_only=line[0] == "<",
                unplanned=line[0] == "-",
                objects=pool(fields[2]) if fields[2] else (),
                where=fields[3],
                bridge=unit(fields[4]) if fields[4] else _NOTHING,
                reason=fields[5],
            )
        )
    return tuple(found)


# With a thing: leo un libro.
WITH_THING = _verbs("""
comer | eat ate eaten | food | meals | | hunger
beber | drink drank drunk | drink | meals | | thirst
comprar | buy bought | food drink text tool clothes vehicle furniture plant | shops
vender | sell sold | food text tool clothes vehicle furniture plant | shops
leer | read read | readable | quiet
escribir | write wrote written writing | writable | quiet
abrir | open opened opened opening | openable | |  | heat
cerrar/ie | close | closable | | | cold
buscar | look_for | losable tool clothes animal | home
<encontrar/ue | find found | losable animal keepsake | outside
<perder/ie | lose lost lost losing | losable clothes | outside
*ver | see saw seen seeing | tool vehicle building animal film plant |
mirar | look_at | tool keepsake text clothes plant |
llevar | wear wore worn | clothes | | | cold
lavar | wash | washable | laundry
lavar | wash | vehicle | garage
limpiar | clean cleaned | cleanable |
<romper | break broke broken | breakable | home
pintar | paint | painted |
cocinar | cook | cookable | meals | | hunger
preparar | prepare | baked | kitchen | | hunger
hacer | make made | baked | kitchen
cortar | cut cut cut cutting | cuttable | kitchen
probar/ue | try | food drink | meals
traer | bring brought | food drink text tool keepsake plant |
!necesitar | need | tool clothes vehicle furniture food drink |
!querer/ie | want | wish food drink tool clothes |
alquilar | rent | rentable | travel
conducir | drive drove driven | driven |
reparar | repair | fixable | garage
esconder | hide hid hidden hiding | losable keepsake | home
<olvidar | forget forgot forgotten forgetting | losable keepsake | town
dibujar | draw drew drawn | drawn | quiet
tocar | play | instrument | home
cantar | sing sang sung | song | home
escuchar | listen_to | song | home
visitar | visit | sights |
terminar | finish | text |
pagar | pay_for paid | food drink tool clothes | shops
""")

# What people come for, or do before something else.
PURPOSES = tuple(
    verb
    for verb in WITH_THING
    if not (verb.stative or verb.past_only)
    and verb.spanish.infinitive not in ("llevar", "esconder", "terminar", "probar", "conducir")
)

# With a subject of study, a language or a game: no article in English, pronoun never.
WITH_SUBJECT = _verbs("""
estudiar | study studied studied studying | subject language | learning
aprender | learn learned | language | learning
enseñar | teach taught | subject language | learning
*hablar | speak spoke spoken | language | learning
jugar/ue | play | game | outside | a:
practicar | practice | game language | outside
""")

# With a person, who takes the personal a: ayudo a Ana.
WITH_PERSON = _verbs("""
ayudar | help | | town
llamar | call | |
esperar | wait_for | | town
escuchar | listen_to | |
invitar | invite | |
abrazar | hug hugged hugged hugging | | outside
!amar | love | |
*entender/ie | understand understood | |
visitar | visit | | | | love
*ver | see saw seen seeing | | outside
buscar | look_for | | town
saludar | greet | | outside
cuidar | take_care_of took taken taking | | home | | love
seguir/i | follow | | outside
*recordar/ue | remember | |
!conocer | know knew known | |
perdonar | forgive forgave forgiven forgiving | |
""")

# With a person, and a word between in both languages: hablo con Ana.
TO_PERSON = _verbs("""
hablar | talk | | town | con:to
bailar | dance | | evening | con:with | joy
trabajar | work | | town | con:with
vivir | live | | | con:with
viajar | travel traveled traveled traveling | | | con:with
jugar/ue | play | | outside | con:with
comer | eat ate eaten | | meals | con:with | hunger
pensar/ie | think thought | | | en:about | love
-soñar/ue | dream | | | con:about | love
estudiar | study studied studied studying | | learning | con:with
cenar | have_dinner had | | meals | con:with | hunger
""")

# With a thing and the person who gets it: le doy el libro a Ana.
TO_SOMEONE = _verbs("""
dar | give gave given | tool keepsake plant food |
enviar | send sent | sent |
mostrar/ue | show showed shown | keepsake text tool animal |
prestar | lend lent | lent |
traer | bring brought | food drink tool text plant |
vender | sell sold | vehicle furniture tool clothes |
contar/ue | tell told | told |
ofrecer | offer | drink food |
regalar | give gave given | clothes plant tool |
""")

# Alone: duermo.
ALONE = _verbs("""
dormir/ue | sleep slept | | home | | sleepiness
correr | run ran run running | | outside | | hurry
nadar | swim swam swum swimming | | water | | heat
trabajar | work | | work | | money
caminar | walk | | outside
bailar | dance | | evening | | joy
cantar | sing sang sung | | home | | joy
-llorar | cry | | home | | sadness
descansar | rest | | home | | sleepiness
jugar/ue | play | | outside | | joy
estudiar | study studied studied studying | | learning | | exam
desayunar | have_breakfast had had having | | meals | | hunger
almorzar/ue | have_lunch had had having | | meals | | hunger
cenar | have_dinner had had having | | meals | | hunger
cocinar | cook | | kitchen | | hunger
-gritar | shout | | outside | | anger
esperar | wait | | town
levantarse | get_up got gotten getting | | |
acostarse/ue | go_to_bed went gone going | | | | sleepiness
despertarse/ie | wake_up woke woken waking | | |
sentarse/ie | sit_down sat sat sitting | | outside | | sleepiness
ducharse | take_a_shower took taken taking | | | | heat
vestirse/i | get_dressed got gotten getting | | bedroom
quedarse | stay | | stay | | sleepiness
""")
_BY_ANIMALS = ("dormir", "correr", "nadar", "jugar", "descansar", "esperar")
ANIMAL_ALONE = tuple(
    verb for verb in ALONE if verb.spanish.infinitive in _BY_ANIMALS and not verb.reflexive
)

# To a place: voy al mercado.
GOING = _verbs("""
ir | go went gone | | | a:to
venir/ie | come came come coming | | | a:to
volver/ue | go_back went gone going | | | a:to
viajar | travel traveled traveled traveling | | | a:to
caminar | walk | | | hasta:to
correr | run ran run running | | | hasta:to
llegar | arrive | | | a:at
entrar | enter | | | en:
salir | leave left left leaving | | | de:
""")

# To be somewhere for long: vivo en Madrid.
RESIDING = _verbs("""
vivir | live | |
trabajar | work | |
""")
OWN = _verbs("!tener/ie | have had had having | | ")[0]

# With one's own: me lavo las manos. English says one for each person: we wash our faces.
_WASH, _BRUSH, _CUT, _PUT_ON, _TAKE_OFF = _verbs("""
lavarse | wash | |
cepillarse | brush | |
cortarse | cut cut cut cutting | |
ponerse | put_on put put putting | |
quitarse | take_off took taken taking | |
""")
CARE = (
    (_WASH, unit("manos:hands"), unit("manos:hands"), True),
    (_WASH, unit("cara:face"), unit("cara:faces"), True),
    (_BRUSH, unit("dientes:teeth"), unit("dientes:teeth"), False),
    (_CUT, unit("pelo:hair"), unit("pelo:hair"), False),
    (_PUT_ON, unit("abrigo:coat"), unit("abrigo:coats"), False),
    (_PUT_ON, unit("zapatos:shoes"), unit("zapatos:shoes"), False),
    (_TAKE_OFF, unit("chaqueta:jacket"), unit("chaqueta:jackets"), True),
    (_TAKE_OFF, unit("sombrero:hat"), unit("sombrero:hats"), False),
)

# What helps another verb.
TO_BE = spanish.conjugate("ser")
TO_STAY = spanish.conjugate("estar")
TO_HAVE = spanish.conjugate("tener", "ie")
HAVE_DONE = spanish.conjugate("haber")
TO_GO = spanish.conjugate("ir")
TO_BE_ABLE = spanish.conjugate("poder", "ue")
TO_WANT = spanish.conjugate("querer", "ie")
TO_OWE = spanish.conjugate("deber")
TO_NEED = spanish.conjugate("necesitar")
TO_FINISH = spanish.conjugate("acabar")
TO_KNOW = spanish.conjugate("saber")
TO_BELIEVE = spanish.conjugate("creer")
TO_SAY = spanish.conjugate("decir", "i")

# The forms of `be` and of helping verbs that stand outside the table of helpers, and pronouns that
# are attached to an infinitive other than lo, la, los, las.
FUNCTION_WORDS = (
    *(word for forms in (TO_BE, TO_STAY, TO_HAVE) for word in (*forms.present, *forms.imperfect)),
    *(forms.infinitive for forms in (TO_BE, TO_STAY, TO_HAVE)),
    *(word for forms in (TO_BELIEVE, TO_SAY, TO_KNOW) for word in forms.present),
    *RESIDING[0].spanish.imperfect,
    *(
        verb.spanish.infinitive + pronoun
        for verb in WITH_THING
        for pronoun in ("lo", "la", "los", "las")
        if not (verb.present_only or verb.past_only)
    ),
    *(
        verb.spanish.infinitive + pronoun
        for verb in WITH_PERSON
        for pronoun in ("me", "te", "nos", "lo", "la", "los", "las")
        if not verb.present_only
    ),
    *(
        verb.spanish.infinitive + pronoun
        for verb in TO_SOMEONE
        for pronoun in ("me", "te", "nos", "le", "les")
    ),
    *(
        spanish.attached(verb.spanish.infinitive, [first, second])
        for verb in TO_SOMEONE
        for first in ("me", "te", "se", "nos")
        for second in ("lo", "la", "los", "las")
    ),
)
