"""What made-up articles are made of. The words mean nothing together; the places are real."""


def _list(text: str, separator: str | None = None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(separator))


# The words in the text, and the gazetteer's name where that says more; the commonest first.
PLACES = _list(
    """
    China; Wuhan|Wuhan, China; United States; Hubei|Hubei, China; Italy; United Kingdom; Japan; Hong Kong;
    Germany; India; Europe; France; South Korea; Iran; Spain; Brazil; Canada; Australia; Singapore; Africa;
    Saudi Arabia; Asia; Taiwan; Switzerland; Beijing|Beijing, China; Shanghai|Shanghai, China; Turkey;
    Israel; New York|New York, United States; Guangdong|Guangdong, China; Egypt; Netherlands; Sweden;
    Thailand; Vietnam; South Africa; Mexico; Nigeria; Russia; Belgium; Pakistan; Malaysia; Bangladesh;
    Austria; London|London, United Kingdom; California|California, United States; Middle East; Denmark;
    Poland; Greece; Portugal; Ireland; Norway; Finland; Indonesia; Philippines; Argentina; Colombia; Chile;
    Peru; Ethiopia; Kenya; Ghana; Uganda; Tanzania; Cameroon; Senegal; Paris|Paris, France;
    Milan|Milan, Italy; Lombardy|Lombardy, Italy; Madrid|Madrid, Spain; Tokyo|Tokyo, Japan;
    Seoul|Seoul, South Korea; Delhi|Delhi, India; Mumbai|Mumbai, India; Kerala|Kerala, India;
    Daegu|Daegu, South Korea; Wales; Zhejiang|Zhejiang, China; Hunan|Hunan, China;
    Texas|Texas, United States; Florida|Florida, United States; Boston|Boston, United States;
    Chicago|Chicago, United States; Ontario|Ontario, Canada; Jordan; Guinea; Toronto|Toronto, Canada;
    Scotland|Scotland, United Kingdom; Bavaria|Bavaria, Germany; Sierra Leone; Munich|Munich, Germany;
    Liberia; Qatar; Kuwait; Oman; Lebanon; Iraq; Syria; Yemen; Morocco; Tunisia; Algeria; Libya; Sudan;
    Zambia; Zimbabwe; Malawi; Mozambique; Angola; Rwanda; Burundi; Somalia; Mali; Niger; Chad; Benin; Togo;
    Gabon; Botswana; Namibia; Madagascar; Mauritius; Nepal; Sri Lanka; Bhutan; Myanmar; Laos; Cambodia;
    Mongolia; Kazakhstan; Uzbekistan; Georgia; Armenia; Azerbaijan; Ukraine; Belarus; Moldova; Romania;
    Bulgaria; Serbia; Croatia; Slovenia; Slovakia; Czech Republic; Hungary; Albania; Estonia; Latvia;
    Lithuania; Iceland; Luxembourg; Malta; Cyprus; Cuba; Haiti; Jamaica; Panama; Honduras; Guatemala;
    Nicaragua; Costa Rica; Ecuador; Bolivia; Paraguay; Uruguay; Venezuela; New Zealand; Fiji; Samoa; Macao;
    Côte d'Ivoire; São Paulo|São Paulo, Brazil; Málaga|Málaga, Spain; Zürich|Zürich, Switzerland;
    Köln|Köln, Germany
    """,
    ";",
)

WORDS = _list(
    """
    the of and in to a with for was were that is by as from on this these between among during after before
    patients infection coronavirus disease respiratory virus cases clinical transmission health outbreak
    epidemic pandemic severe acute syndrome symptoms treatment study analysis data model results risk hospital
    mortality population reported confirmed associated control measures public spread viral protein sequence
    samples positive negative laboratory travel contact household isolation quarantine lockdown vaccine trial
    antibody response immune cells therapy drug outcome incidence rate number days weeks older children adults
    women men workers care intensive ventilation pneumonia fever cough testing screening surveillance early
    late higher lower significant increase decrease estimate interval evidence review policy social distance
    mobility region national local community humidity temperature season exposure comorbidities diabetes
    hypertension admission discharge follow-up cohort survey questionnaire respondents anxiety depression
    """
)

VARIANTS = _list("The Delta variant; Variant B.1.617.2 (delta); A river delta; The wave of Delta", ";")

SYMBOLS = _list("β-coronaviruses; ≥ 65 years; 38 °C; p ≤ 0.05; 50 µg; ± 1.2; “long COVID”; naïve cells", ";")

SURNAMES = _list(
    """
    Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Smith Johnson Brown Garcia Miller Davis Martin Rossi Russo
    Ferrari Kim Lee Park Choi Tanaka Sato Suzuki Kumar Singh Sharma Patel Khan Ahmed Ali Hassan Nguyen Tran
    Silva Santos Costa Novak Kowalski Ivanov Petrov Jansen Becker Weber Wagner Dubois Moreau Okafor Mensah
    """
)
ACCENTED = _list("Müller Núñez García Gómez Fernández Søndergaard Åkesson Dvořák Lefèvre Çelik Gonçalves")
INITIALS = tuple("ABCDEFGHIJKLMNOPRSTVWYZ")

JOURNALS = _list(
    """
    PLoS One; Viruses; Nature; Lancet; Sci Rep; BMJ Open; J Virol; Virology; J Med Virol; Cell; JAMA; Vaccine;
    BMC Infectious Diseases; Int J Infect Dis; Emerg Infect Dis; Front Immunol; Eurosurveillance; PLoS Pathog;
    Journal of Clinical Medicine; Int J Environ Res Public Health; Travel Medicine and Infectious Disease;
    Front Public Health; Epidemiology and Infection; Journal of Medical Internet Research; Sustainability;
    Proceedings of the National Academy of Sciences; Infection Control and Hospital Epidemiology
    """,
    ";",
)

SOURCES = _list("PMC; WHO; Elsevier; Medline; ArXiv; BioRxiv; MedRxiv", ";")

LICENSES = _list("cc-by no-cc cc-by-nc els-covid unk cc0 medrxiv")
