"""Cities that people call by several names: old and new, and in their own script."""

from difflib import get_close_matches

from app.lib.folding import fold

_CITIES = """
Bengaluru, Bangalore, ಬೆಂಗಳೂರು, बेंगलुरु, बंगलौर, బెంగళూరు, பெங்களூரு, ബെംഗളൂരു
Mumbai, Bombay, मुंबई, मुम्बई, ముంబై, மும்பை, મુંબઈ, ಮುಂಬೈ
Chennai, Madras, சென்னை, चेन्नई, చెన్నై, ಚೆನ್ನೈ, ചെന്നൈ
Kolkata, Calcutta, কলকাতা, कोलकाता, కోల్‌కతా
Delhi, New Delhi, Dilli, दिल्ली, नई दिल्ली, ఢిల్లీ, டெல்லி, دہلی, ਦਿੱਲੀ
Hyderabad, హైదరాబాద్, हैदराबाद, ஹைதராபாத், حیدرآباد, ಹೈದರಾಬಾದ್
Pune, Poona, पुणे, పుణె
Kochi, Cochin, കൊച്ചി, कोच्चि, கொச்சி
Thiruvananthapuram, Trivandrum, തിരുവനന്തപുരം, तिरुवनंतपुरम, திருவனந்தபுரம்
Kozhikode, Calicut, കോഴിക്കോട്
Thrissur, Trichur, തൃശൂർ
Kollam, Quilon, കൊല്ലം
Alappuzha, Alleppey, ആലപ്പുഴ
Kannur, Cannanore, കണ്ണൂർ
Mysuru, Mysore, ಮೈಸೂರು, मैसूर
Mangaluru, Mangalore, ಮಂಗಳೂರು
Belagavi, Belgaum, ಬೆಳಗಾವಿ
Hubballi, Hubli, ಹುಬ್ಬಳ್ಳಿ
Kalaburagi, Gulbarga
Ballari, Bellary
Vijayapura, Bijapur
Shivamogga, Shimoga
Tumakuru, Tumkur
Puducherry, Pondicherry, Pondy, புதுச்சேரி
Tiruchirappalli, Trichy, Tiruchi, திருச்சி
Thanjavur, Tanjore, தஞ்சாவூர்
Thoothukudi, Tuticorin
Udhagamandalam, Ooty, Ootacamund, ஊட்டி
Coimbatore, Kovai, கோயம்புத்தூர், கோவை
Madurai, மதுரை
Visakhapatnam, Vizag, Vishakhapatnam, విశాఖపట్నం
Vijayawada, Bezawada, విజయవాడ
Rajamahendravaram, Rajahmundry, రాజమండ్రి
Varanasi, Benares, Banaras, Kashi, वाराणसी, बनारस
Prayagraj, Allahabad, प्रयागराज, इलाहाबाद
Kanpur, Cawnpore, कानपुर
Lucknow, लखनऊ, لکھنؤ
Jaipur, जयपुर
Ahmedabad, Amdavad, અમદાવાદ, अहमदाबाद
Vadodara, Baroda, વડોદરા
Surat, સુરત
Bharuch, Broach
Gurugram, Gurgaon, गुरुग्राम
Chhatrapati Sambhajinagar, Aurangabad, छत्रपति संभाजीनगर, औरंगाबाद
Dharashiv, Osmanabad
Panaji, Panjim, पणजी
Guwahati, Gauhati, গুৱাহাটী
Shimla, Simla, शिमला
Bhubaneswar, Bhubaneshwar, ଭୁବନେଶ୍ୱର
Puri, ପୁରୀ
Amritsar, ਅੰਮ੍ਰਿਤਸਰ, अमृतसर
Indore, इंदौर
Bhopal, भोपाल
Patna, पटना
Narmadapuram, Hoshangabad
Jabalpur, Jubbulpore
Yangon, Rangoon
Dhaka, Dacca, ঢাকা
Chattogram, Chittagong
Colombo, கொழும்பு
Kathmandu, Katmandu, काठमाडौं
Beijing, Peking, 北京
Guangzhou, Canton, 广州
Ho Chi Minh City, Saigon
Istanbul, Constantinople
Kyiv, Kiev, Київ
Kharkiv, Kharkov
Odesa, Odessa
Lviv, Lvov
Moscow, Moskva, Москва
Saint Petersburg, St Petersburg, Leningrad
Vienna, Wien
Munich, München, Muenchen
Cologne, Köln, Koeln
Zurich, Zürich, Zuerich
Geneva, Genève, Genf
Rome, Roma
Milan, Milano
Florence, Firenze
Venice, Venezia
Naples, Napoli
Turin, Torino
Prague, Praha
Warsaw, Warszawa
Copenhagen, København
Lisbon, Lisboa
Seville, Sevilla
Brussels, Bruxelles, Brussel
Antwerp, Antwerpen
The Hague, Den Haag
Athens, Αθήνα
Bucharest, București
Belgrade, Beograd
Gothenburg, Göteborg
Dubai, دبي, ദുബായ്
Abu Dhabi, أبوظبي
Cairo, القاهرة
Jerusalem, ירושלים
Tokyo, 東京
Kyoto, 京都
Seoul, 서울
Bangkok, Krung Thep, กรุงเทพ
Mexico City, Ciudad de México, CDMX
New York, New York City, NYC
Los Angeles, LA
San Francisco, SF
"""
_ALIKE = 0.8
_GROUPS = [tuple(name.strip() for name in line.split(",")) for line in _CITIES.split("\n") if line]
_BY_NAME = {fold(name): group for group in _GROUPS for name in group}
MOST_WORDS = max(len(name.split()) for name in _BY_NAME)


def names_of(city: str, *, forgiving: bool = False) -> tuple[str, ...]:
    """All names of a city, the first the official one; none if it has no others that we know."""
    asked = fold(city)
    if asked not in _BY_NAME and forgiving and len(asked) >= 5:
        asked = next(iter(get_close_matches(asked, _BY_NAME, 1, _ALIKE)), asked)
    return _BY_NAME.get(asked, ())
