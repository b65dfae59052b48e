"""English word lists: which words are fillers, which verbs are work, which words tell nothing about the work.

Pure data. General English, no trade's words: what a team calls its things is never listed here.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


FILLERS = words("um uh er erm uhm hmm hm mm mhm ehm ah eh")

# Verbs (base form) by which people name a piece of work.
WORK_VERBS = words(
    """accept adapt add address adjust advertise agree align amend analyse analyze announce answer appeal apply appoint
    approach approve arrange ask assemble assess assign attach audit back balance bake block blog book borrow brief
    bring
    budget build buy calculate calibrate call cancel capture cast catch catalogue change charge chase check circulate
    clarify classify clean clear close coach collate collect combine commission compare compile complete compose
    condense
    configure confirm connect consolidate contact continue convert convince cook coordinate copy correct cost count
    cover
    create cross crop cut deal debug decorate define delete deliver demo deploy describe design determine develop
    diagnose
    dig digitise digitize discuss dispose distribute do document double download draft draw drive drop edit email enable
    enlarge enter enquire escalate estimate evaluate examine expand explain export extend extract feed fetch file fill
    film
    finalise finalize find finish fit fix fly follow forward frame gather generate get give grant grease group grow hand
    handle hang hire hold host identify illustrate implement import improve include increase index inform inquire insert
    inspect install integrate interview introduce inventory investigate invite invoice isolate issue join label launch
    lay
    lead lease license lift link list load lobby locate lock log lower mail make manage map mark match measure meet mend
    merge migrate mix model modify monitor mount mount move name negotiate nominate note notify nudge number obtain
    offer open
    optimise optimize order organise organize outline overhaul pack package paint patch pay phone photograph pick pilot
    place plan plant plot polish post practise practice prepare present price print prioritise prioritize process
    procure
    produce program programme promote prompt proofread propose protect prototype prove provide prune publish pull
    purchase
    push put query quote raise rank reach rebook rebuild recalculate recheck record recruit recycle redesign redo
    redraft
    reduce refactor refill refresh refund register rehearse relabel release reload remind remove rename renegotiate
    renew
    rent repaint repair repeat rephrase replace reply report reprint request rerun research reschedule reseal reserve
    reset
    resend reset resize resolve respond restart restock restore restructure retest retrain return reuse review revise
    rewire rework rewrite ring roll rotate route run sand scan schedule scope screen scout seal seat search secure seed
    segment sell send separate serve service set settle set sew share sharpen ship shoot shorten show sign simplify
    sketch
    sort source speak specify split staff stage start stock stop store strip structure study submit subscribe suggest
    summarise summarize supervise supply survey swap sweep switch sync tackle take talk tape teach tell test text thin
    tidy tighten track train transcribe transfer transform translate transport trial trim troubleshoot tune turn type
    unblock unify uninstall unpack update upgrade upload validate verify visit walk warn wash watch water weed weigh
    widen
    wire withdraw work wrap write"""
)

# Verbs that open a sentence without asking for work, or that promise nothing that could be ticked off.
SOFT_VERBS = words(
    """admit be become believe bet believe bring carry care come concentrate cross decide die do eat enjoy excuse expect
    feel forget forgive get give go guess hang happen have hear hold hope hurry ignore imagine join keep know laugh
    learn
    leave let like listen live look lose love manage mean mind miss need phrase please promise pretend put quote read
    remain remember rest say see seem shut sit sleep smile speak spend stand start stay stick stop struggle suffer
    suppose survive swear take talk tell thank think touch trust try turn understand use wait want wish wonder worry"""
)

# Verbs that need their object to say anything: "do it", "take that".
LIGHT_VERBS = words(
    """address arrange call check cover deal do fix finish get give handle have look make manage own pick put ring run
    see
    send show sort start tackle take try work write"""
)

# Content words that say little about which work is meant.
WEAK_WORDS = words(
    """able about actual add again ago ahead all already also another answer anyone anything anyway around arrange ask
    away
    back bad basis best better big bit case change close come complete confirm contact couple create date day
    deal do done each early easy else end enough even ever every everybody everyone everything explain fact far fast
    feel few find fine finish first fix follow full get give glad good great half handle hand happen happy hard have
    hear
    help here hold hour idea issue item job keep kind know last late later least leave less let like line little long
    look lot make manage many matter maybe mean mention mind minute moment month more morning move much must name need
    new
    next nice nobody nothing off old once one only open organise organize other out over own part
    people perhaps person piece please point possible prepare present problem produce provide put question quick
    quickly quite rather read ready real really reason remember right round run same say see send set share short should
    show side simple small someone something soon sort start stay still stop stuff submit sure take talk task team tell
    thing think third ticket time tiny today together tomorrow tonight top total touch track true try turn twice two
    use wait want watch way week well whole word work worry write wrong year yesterday monday tuesday wednesday
    thursday friday saturday sunday january february march april may june july august september october november
    december
    afternoon evening weekend dear man boy god goodness heaven heavens hallelujah woo wow luck pity shame joke poor
    lucky
    miracle star hero angel treasure lifesaver sir folk guy lad gosh blimey damn hell thank thanks sorry hello hi
    bye cheer applause true enough lovely brilliant splendid marvellous exactly classic funny"""
)

PRONOUNS = words("it that this them those these one ones both him her something so")

PREPOSITIONS = words(
    """of for in on at by with from about into onto over under to between through during against without within around
    behind near per via as towards toward across inside outside after before"""
)

DETERMINERS = words("the a an our my your their his her its this that these those some any another every each all both")

AUXILIARIES = words(
    """is are was were be been am isn't aren't wasn't weren't has have had hasn't haven't hadn't do does did don't
    doesn't
    didn't will would won't wouldn't can could can't couldn't cannot should shouldn't must may might shall 's 're 've
    'll
    it's that's there's he's she's they're we're i'm i've we've you've they've i'll we'll you'll they'll who's what's
    gets
    got goes went comes came keeps kept says said needs wants wanted looks looked seems makes made takes took runs ran
    works worked stands stood shows showed thinks becomes became starts started stays stayed happens happened expires"""
)

CONJUNCTIONS = words(
    "and or but so because if when while since until till unless although though whereas then than which who"
)

MONTH_DAYS = words("monday tuesday wednesday thursday friday saturday sunday today tomorrow tonight yesterday")
