"""What people answer is understood as a reasonable reader would; doubt is held, and never sent over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.bare_words import normalise
from campaigns.domain.inbound import LONGEST, Meaning, Understood, is_keyword, understand
from campaigns.rules.inbound import read_inbound_words

WORDS = read_inbound_words()

# The law here is 47 CFR 64.1200(a)(10): words that take back consent by themselves.
TWILIO = ("STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "CANCEL", "REVOKE", "OPTOUT")
LAW = ("stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe")
DRESSES = (
    "{}", "{}.", "{}!!!", "{}?", "  {}  ", "\n{}\r\n", "“{}”", "'{}'", "({})", "*{}*", "🛑 {} 🛑", "{} 🙏🏽", "{}…", "\u200b{}\ufeff", "{}\u00a0", "-{}-",
)  # fmt: skip

STOPS = (
    "Please stop", "stop please", "Please STOP, thank you!", "ok stop now", "Stop it", "stop this", "Stop all", "STOP. I moved away.", "I said stop",
    "S T O P", "s.t.o.p", "STOOOOP", "ＳＴＯＰ", "ST\u200bOP", "Sotp", "st0p", "Opt-out", "un-subscribe", "unsuscribe", "unsub",
    "Stop texting me", "stop txting", "can you stop texting me", "Why don't you stop texting me?", "stop.texting.me", "quit sending me these!",
    "STOP SENDING ME THIS STUFF", "stop these messages", "Stop the texts", "cancel my subscription", "enough with the texts already",
    "No more", "no more messages please", "Take me off", "take me off your list", "please take my name off the list", "get me off this list",
    "remove me", "Please remove me", "please remove my number", "remove me from your texting list", "delete my number", "lose my number",
    "Wrong number", "Sorry, you have the wrong number", "this is not Ann, wrong person", "Leave me alone", "go away", "Don't text me",
    "don’t text this number", "dont text", "do not text", "Do not contact me again", "I want to unsubscribe", "unsubscribe me", "How do I unsubscribe?",
    "How do I opt out?", "opt me out", "I would like to opt out", "I revoke my consent", "I no longer wish to receive these messages",
    "I don't want any more of these texts", "I do not want your emails", "not interested, thanks", "I'd like to be removed from this list",
    "Who is this? Stop texting me", "No. Stop texting me", "I can't come, please cancel", "I do not know you. Please, unsubscribe",
    "fuck off", "How do I stop these texts", "Cancel my appointment and stop texting me", "Does it hurt? Stop", "stop to end",
)  # fmt: skip
SPANISH_STOPS = (
    "ALTO", "Parar", "cancelar", "Cancelar, por favor", "BAJA", "No más", "no mas por favor", "¡Basta!", "Ya no", "Dar de baja", "date de baja", "Denme de baja",
    "Quiero darme de baja por favor", "No me manden más mensajes", "no me envien nada", "ya no me escriban", "No me llamen más", "no me molesten",
    "¡Dejen de escribirme!", "¡No! Dejen de escribirme", "Por favor dejen de mandarme textos", "para de mandarme mensajes", "Quítenme de la lista", "quitenme de su lista", "sáqueme de esta lista",
    "Bórrenme de sus listas", "No quiero más mensajes", "ya no quiero recibir mensajes", "no deseo recibir sus correos", "borren mi número",
    "Número equivocado", "se equivocó de número", "Déjenme en paz", "No me interesa, gracias", "quiero cancelar", "Cancelar mi suscripción", "desuscribir",
)  # fmt: skip
HOLDS = (
    "STOPPING by?", "Stop by the desk?", "cancel my appointment?", "Cancel my appointment", "I have to cancel my spot tonight", "do I need to cancel", "When does it end?",
    "when does it end", "End of class?", "I was told to be there at the end", "Does this stop hurting at mile 10?", "My knee hurts after 5 miles, should I stop?", "The pain won't stop",
    "my leg doesn't stop", "Should I quit running?", "I stopped running in May", "it was a dead end", "How far can I run until I stop?", "cancelled", "Did I opt out?",
    "Why was I unsubscribed?", "Don't stop", "please don't stop sending", "do NOT cancel", "Never stop these messages", "I don't want to unsubscribe", "I didn't mean to opt out",
    "no dejen de mandarme mensajes", "No paren", "¿Cuándo debo parar?", "Cancelar mi cita", "no quiero cancelar", "No thanks", "too many texts",
    "I did not sign up for this", "where did you get my number", "this is spam", "no gracias", "The pain won't leave me alone", "not interested in the class", "🛑", "⛔⛔",
)  # fmt: skip
QUESTIONS = (
    "What shoes should I wear?", "Will there be a recording?", "Is the class free?", "Can I bring a friend?", "How long is it?", "What time zone is that?", "Do you take insurance?",
    "I can't make it tonight, is there a replay?", "Does a treadmill count?", "My lower back aches after 5 miles. Normal?", "Endurance runs: how many a week?",
    "See you on the weekend", "nonstop pain in my hip", "Yes", "yes please", "No", "ok", "Thanks!", "👍", "", "?", "who is this?", "Help me", "I need help with the link", "please start",
    "START texting me", "Start again", "Yes start", "when does it start", "info please", "Me duele la espalda baja", "¿Dónde es la clase?", "¿Cuándo termina la clase?", "Soy alto, ¿importa?",
    "Gracias", "Sí", "para mi hermana", "Do not worry", "Where do I put the text?", "is this the right number to call?",
)  # fmt: skip
URGENT = (
    "I can't feel between my legs", "My saddle area is numb since yesterday", "numbness in the groin", "I lost control of my bladder last night", "loss of bowel control", "I can't hold my urine",
    "cannot pee", "I keep wetting myself", "Had fever and back pain for 3 days", "My back hurts. Also I have chills", "I can't walk", "cannot bear weight on my left leg", "can't put weight on it",
    "My leg weakness is getting worse", "my legs keep giving out", "I have a foot drop", "chest pain when I run", "I can’t breathe", "I want to kill myself", "I don't want to live anymore", "suicidal",
    "I want it all to end", "I fell down the stairs", "Was in a car accident yesterday", "hit by a car", "Lost 20 pounds without trying", "I'm losing weight for no reason", "I'm pregnant and bleeding",
    "call an ambulance", "is this an emergency?", "STOP I can't feel my legs", "worst pain of my life", "The pain wakes me every night",
    "No siento entre las piernas", "tengo adormecida la ingle", "no puedo orinar", "Perdí el control de la vejiga", "Tengo fiebre y dolor de espalda", "No puedo caminar", "me caí de la escalera",
    "Quiero morirme", "me duele el pecho", "Estoy embarazada y sangrando", "he bajado de peso sin razón", "mi pierna está débil y cada vez peor", "se me doblan las piernas",
)  # fmt: skip
CALM = (
    "See you in the fall", "We run suicides at practice, is that ok?", "that hill is going to kill me", "my back is killing me", "I hurt myself running", "Will weight loss help?",
    "I lost weight training for the race", "Does a numbing cream help my hip?", "I fell in love with running", "My foot fell asleep", "I have a fever and can't make the class", "No fever, just back pain",
    "I have a fever, when will you be back?", "My chest strap shows 160", "a crash course sounds great", "I can't walk the dog tomorrow", "can't wait to walk again", "I am pregnant, can I join?",
    "Where should the saddle of my bike be?", "my legs feel weak after 20 miles", "not an emergency", "I can't stand this weather", "I can't go on Tuesday", "No tengo fiebre, solo dolor de espalda",
    "no estoy embarazada", "¿Es en inglés? Me quedé dormido", "my hip hurts at night", "can the class run over?",
)  # fmt: skip
ALL = (*TWILIO, *LAW, *STOPS, *SPANISH_STOPS, *HOLDS, *QUESTIONS, *URGENT, *CALM, "START", "UNSTOP", "HELP")


def read(text: str) -> Meaning:
    return understand(text, WORDS).meaning


@pytest.mark.parametrize("word", [*TWILIO, *LAW])
@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("case", [str.upper, str.lower, str.title, str.swapcase])
def test_every_word_of_twilio_and_of_the_law_is_stop_however_it_is_written(word: str, dress: str, case) -> None:
    assert understand(dress.format(case(word)), WORDS) == Understood(
        Meaning.STOP, urgent=False, matched=word.lower(), alone=True
    )


@pytest.mark.parametrize("word", LAW)
def test_a_word_of_the_law_counts_as_the_first_and_as_the_last_word(word: str) -> None:
    assert understand(f"{word}, I am not Ann", WORDS) == Understood(Meaning.STOP, False, word)
    assert understand(f"This is Ann's old telephone: {word}!", WORDS) == Understood(Meaning.STOP, False, word)
    assert read(f"This is Ann's {word} telephone") is Meaning.HOLD


@pytest.mark.parametrize("text", [*STOPS, *SPANISH_STOPS])
def test_a_reasonable_reader_takes_this_as_stop(text: str) -> None:
    assert read(text) is Meaning.STOP


@pytest.mark.parametrize("text", HOLDS)
def test_what_may_mean_stop_is_held(text: str) -> None:
    assert read(text) is Meaning.HOLD


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_holds_nothing(text: str) -> None:
    assert understand(text, WORDS) == Understood(Meaning.QUESTION, False, "")


@pytest.mark.parametrize("text", URGENT)
def test_a_sign_of_danger_is_urgent(text: str) -> None:
    assert understand(text, WORDS).urgent
    assert understand(f"> STOP\n{text}", WORDS, email=True).urgent


@pytest.mark.parametrize("text", CALM)
def test_what_only_looks_like_a_sign_of_danger_is_not(text: str) -> None:
    assert not understand(text, WORDS).urgent


def test_danger_is_seen_whatever_else_is_said() -> None:
    assert understand("STOP. I can't feel my legs", WORDS) == Understood(Meaning.STOP, True, "stop")
    assert understand("When will the numbness in my groin end", WORDS) == Understood(Meaning.HOLD, True, "end")
    assert understand("i cant walk", WORDS, opt_out="HELP") == Understood(Meaning.HELP, True, "help", alone=True)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("START", Meaning.START), ("start.", Meaning.START), ("UnStop 🙂", Meaning.START), ("HELP", Meaning.HELP), ("help!", Meaning.HELP), ("Info", Meaning.HELP), ("¡Ayuda!", Meaning.HELP)],
)  # fmt: skip
def test_start_and_help_are_keywords(text: str, meaning: Meaning) -> None:
    assert understand(text, WORDS) == Understood(meaning, False, meaning.value, alone=True)


@pytest.mark.parametrize("text", ["YES", "y", "Sí", "yes please"])
def test_yes_is_start_only_where_it_was_asked_for(text: str) -> None:
    assert understand(text, WORDS, pending_yes=True).meaning is Meaning.START
    assert read(text) is Meaning.QUESTION


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(["start", "START", "unstop", "yes", "please", "stop", "texts", "again", "."])).map(
            " ".join
        ),
    )
)
def test_no_free_text_starts_texts(text: str) -> None:
    starts = understand(text, WORDS, pending_yes=False).meaning is Meaning.START
    assert starts == (normalise(text) in {"start", "unstop"})


@pytest.mark.parametrize("said", ["STOP", "START", "HELP"])
def test_what_twilio_made_of_it_counts_before_all_else(said: str) -> None:
    for text in ("clase", "STOP", "", "please start"):
        assert understand(text, WORDS, opt_out=said) == Understood(
            Meaning(said.lower()), False, said.lower(), alone=True
        )
        assert understand(text, WORDS, opt_out=f" {said.lower()}").meaning is Meaning(said.lower())


@given(st.text())
def test_what_twilio_never_says_counts_for_nothing(said: str) -> None:
    if said.strip().upper() not in ("STOP", "START", "HELP"):
        assert understand("Stop", WORDS, opt_out=said).meaning is Meaning.STOP


@pytest.mark.parametrize(
    "heart", ["Liked", "Loved", "Emphasized", "👍 to", "Reacted 🎉 to", "Le gustó", "Removed a heart from"]
)
@pytest.mark.parametrize("quotes", ["“{}”", '"{}"', "«{}»"])
def test_a_heart_on_our_own_text_is_no_stop(heart: str, quotes: str) -> None:
    ours = quotes.format("Example Clinic: we cannot walk. Reply HELP for help, STOP to stop. Text “STOP” to end")
    assert understand(f"{heart} {ours}", WORDS) == Understood(Meaning.QUESTION, False, "")
    assert read(f"{heart} {ours} STOP") is Meaning.STOP
    assert read(f"My friend says {ours}") is Meaning.HOLD


@given(st.text(), st.text(), st.booleans(), st.booleans())
def test_no_text_is_too_odd(text: str, said: str, email, pending) -> None:
    found = understand(text, WORDS, opt_out=said, email=email, pending_yes=pending)
    assert not (email and not said.strip() and found.meaning in (Meaning.START, Meaning.HELP))


@pytest.mark.parametrize(
    "piece",
    [
        "stop ",
        "hi\n",
        "ok ",
        "a. ",
        '"',
        "“",
        "\0",
        "\ud800",
        "> \n",
        "On 1\n",
        "On 1 wrote:\n\n",
        "From:\n",
        "dont stop ",
        "\u0301",
        "no",
    ],
)
@pytest.mark.parametrize("email", [True, False])
def test_no_text_is_too_long(piece: str, email) -> None:
    assert isinstance(understand(piece * LONGEST, WORDS, email=email), Understood)


PIECES = (
    "stop",
    "don't",
    "texting",
    "me",
    "cancel",
    "my",
    "appointment",
    "Can't feel",
    "my legs",
    "please",
    "no",
    "más",
    "opt-out",
    "end",
    "?",
    ".",
    "ok",
    "\n",
    "help",
    "START",
    "when",
)
MARKS = st.text(" .,!?\n\t'*()-…¡¿~_👍🙏", max_size=6)


@given(
    st.one_of(st.sampled_from(ALL), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)),
    MARKS,
    MARKS,
    st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
)
def test_capitals_and_marks_around_change_nothing(text: str, before: str, after: str, case) -> None:
    assert understand(f"{before}{case(text)}{after}", WORDS) == understand(text, WORDS)


@given(
    st.one_of(st.sampled_from(ALL), st.lists(st.sampled_from([*PIECES, "Rumpelstiltskin"]), max_size=8).map(" ".join))
)
def test_what_matched_is_the_rules_own_phrase(text: str) -> None:
    matched = understand(f"Rumpelstiltskin {text} Rumpelstiltskin", WORDS).matched
    known = {
        *WORDS.stop,
        *WORDS.edges,
        *WORDS.phrases,
        *WORDS.negations,
        *WORDS.stems,
        *WORDS.unclear,
        *WORDS.pictures,
        "",
    }
    assert matched in known or any(chain.fullmatch(matched) for chain in WORDS.chains)


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("Please stop!", True),
        ("Stop, and call me about my hip", False),
        ("stop texting me", False),
        ("unsubscribe me", True),
    ],
)
def test_a_stop_with_more_to_it_is_not_alone(text: str, alone) -> None:
    assert understand(text, WORDS) == Understood(Meaning.STOP, False, understand(text, WORDS).matched, alone=alone)


@pytest.mark.parametrize("word", [*TWILIO, "START", "YES", "UNSTOP", "HELP", "INFO"])
def test_twilio_answers_its_own_words(word: str) -> None:
    assert is_keyword(f" {word.title()}\n", WORDS)
    assert not is_keyword(f"{word} please", WORDS)
    assert not is_keyword(f"{word}!", WORDS)


@pytest.mark.parametrize("text", ["", "opt out", "Ayuda", "baja", "stop all"])
def test_twilio_does_not_answer_what_only_we_know(text: str) -> None:
    assert not is_keyword(text, WORDS)
