"""Who people are: names, e-mail addresses and phone numbers of four countries.

E-mail domains are reserved ones (RFC 2606), so nobody real can be written to.
"""

import unicodedata
from dataclasses import dataclass
from random import Random

EMAIL_DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "correo.example.org",
    "inbox.example.net",
)
SUBSCRIBERS = 10**7


@dataclass(frozen=True)
class Country:
    """A country's names and its way of writing mobile numbers."""

    name: str
    calling_code: str
    trunk: str
    mobile_prefixes: tuple[str, ...]
    utc_offset_hours: int
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


@dataclass(frozen=True)
class Phone:
    """A mobile number, to be written in any of the notations people use."""

    country: Country
    prefix: str
    subscriber: str

    @property
    def e164(self) -> str:
        """The number as +639171234567."""
        return f"+{self.country.calling_code}{self.prefix}{self.subscriber}"

    def written(self, rng: Random, *, national: bool = False) -> str:
        """The number in some notation.

        Args:
            rng: Chooses the notation.
            national: Also use notations that lack the country's calling code.

        Returns:
            For example ``+63 917 123 4567``, ``0917-123-4567`` or ``639171234567``.
        """
        code, prefix = self.country.calling_code, self.prefix
        head, tail = self.subscriber[:-4], self.subscriber[-4:]
        notations = [
            self.e164,
            self.e164,
            f"+{code} {prefix} {head} {tail}",
            f"{code}{prefix}{self.subscriber}",
            f"(+{code}) {prefix}-{head}-{tail}",
            f"00{code} {prefix} {self.subscriber}",
        ]
        if national:
            trunk = self.country.trunk
            notations += [
                f"{trunk}{prefix} {head} {tail}",
                f"{trunk}{prefix}-{head}-{tail}",
                f"{trunk}{prefix}{self.subscriber}",
            ]
        return rng.choice(notations)


def mobile_phone(country: Country, number: int, rng: Random) -> Phone:
    """A mobile number that nobody else of the country has.

    Args:
        country: Whose numbering plan.
        number: The owner's number: different numbers never share a phone by accident.
        rng: Chooses the operator's prefix.

    Returns:
        The phone.
    """
    # 48271 has no factor in common with 10**7, so this only shuffles the owners.
    subscriber = f"{(number * 48271 + 1234567) % SUBSCRIBERS:07d}"
    return Phone(country, rng.choice(country.mobile_prefixes), subscriber)


def plain(text: str) -> str:
    """The letters of a name without accents and spaces, in lower case."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha())


def email_address(first_name: str, last_name: str, number: int, rng: Random) -> str:
    """An e-mail address that nobody else has: it ends in the owner's number."""
    joint = rng.choice((".", "_", "", "-"))
    domain = rng.choice(EMAIL_DOMAINS)
    return f"{plain(first_name)}{joint}{plain(last_name)}{number}@{domain}"


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


PHILIPPINES = Country(
    "Philippines",
    "63",
    "0",
    ("905", "906", "915", "917", "918", "927", "935", "945", "956", "977", "995", "998"),
    8,
    _names(
        "Maria, Jose, Angelica, Mark, John, Princess, Christian, Mary, Joshua, Kristine, "
        "Jerome, Rhea, Paolo, Jasmine, Carlo, Nicole, Aldrin, Bea, Kenneth, Lovely, Rommel, "
        "Camille, Jayson, Erika, Ramon, Trisha, Niño, Althea, Gabriel, Rosalie, Vincent, "
        "Joy, Mary Grace, Maria Cristina, John Paul, Ma. Theresa"
    ),
    _names(
        "Santos, Reyes, Cruz, Bautista, Ocampo, Garcia, Mendoza, Torres, Castillo, Flores, "
        "Villanueva, Ramos, Aquino, Navarro, Salazar, Mercado, Dizon, Pascual, Aguilar, "
        "Manalo, Lim, Tan, Macaraeg, Peña, Pangilinan, Cabrera, Sarmiento, Magbanua, "
        "dela Cruz, de Guzman, San Juan, delos Reyes"
    ),
)
COLOMBIA = Country(
    "Colombia",
    "57",
    "",
    ("300", "301", "304", "310", "311", "312", "313", "314", "315", "316", "317", "318", "320"),
    -5,
    _names(
        "Andrés, Camila, Juan, Valentina, Santiago, Luisa, Sebastián, Daniela, Felipe, "
        "Natalia, Óscar, Paula, Julián, Sofía, Mauricio, Ángela, Jhon, Yuliana, Germán, "
        "Mónica, Iván, Adriana, Héctor, Liliana, Nicolás, Tatiana, Jesús, Verónica, "
        "Juan Camilo, María Fernanda, Luz Marina, José Luis"
    ),
    _names(
        "Rodríguez, Gómez, Martínez, López, Muñoz, Ramírez, Castaño, Ospina, Restrepo, "
        "Quiñones, Cárdenas, Jiménez, Vargas, Suárez, Peña, Zapata, Mejía, Londoño, Córdoba, "
        "Ibáñez, Rincón, Pardo, Beltrán, Agudelo, Hoyos, Ávila, De la Hoz, García Márquez, "
        "Pérez Gil"
    ),
)
SOUTH_AFRICA = Country(
    "South Africa",
    "27",
    "0",
    ("71", "72", "73", "74", "76", "78", "79", "81", "82", "83", "84"),
    2,
    _names(
        "Thandiwe, Sipho, Lerato, Johan, Naledi, Themba, Zanele, Pieter, Ayanda, Riaan, "
        "Nomsa, Bongani, Anika, Kagiso, Chantel, Mandla, Fatima, Yusuf, Palesa, Deon, "
        "Lindiwe, Tebogo, Zoë, André, Renée, Nkosinathi, Siyabonga, Charné, Anna-Marie, "
        "Jean-Pierre"
    ),
    _names(
        "Nkosi, Dlamini, Botha, Naidoo, Khumalo, Pillay, Mokoena, Adams, Jacobs, Ndlovu, "
        "Zulu, Mahlangu, Venter, Petersen, Sithole, Fourie, Abrahams, Radebe, Coetzee, "
        "Govender, Mthembu, Davids, Hendricks, Tshabalala, Pretorius, Joubert, "
        "van der Merwe, du Plessis, O'Reilly, Le Roux"
    ),
)
MEXICO = Country(
    "Mexico",
    "52",
    "",
    ("331", "332", "333", "334", "551", "552", "555", "811", "812"),
    -6,
    _names(
        "Guadalupe, José, Alejandra, Miguel, Ximena, Raúl, Fernanda, Ángel, Itzel, Ricardo, "
        "Lucía, Eduardo, Brenda, Víctor, Mariana, Efraín, Araceli, Iñaki, Citlali, Rubén, "
        "Martín, Jazmín, Saúl, Rocío, Noé, Belén, Joaquín, Inés, José Ángel, Ana Sofía, "
        "Luis Ángel"
    ),
    _names(
        "Hernández, García, Sánchez, Núñez, Ramírez, Flores, Ríos, Velázquez, Domínguez, "
        "Ortiz, Ibarra, Zúñiga, Cervantes, Orozco, Treviño, Galván, Salinas, Ávalos, Peña, "
        "Lozano, Olvera, Cisneros, Villaseñor, Arriaga, Solís, Covarrubias, de la Torre, "
        "Ponce de León"
    ),
)
