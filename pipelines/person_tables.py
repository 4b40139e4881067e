"""Raw tables whose rows are about persons, and where a row says whom it is about: as the models read it."""

from __future__ import annotations

from dataclasses import dataclass

# The address of a LinkedIn profile, in a text or in JSON, whose slashes may be escaped.
PROFILE = r"linkedin[.]com[\\]*/in[\\]*/"
PROFILE_ID = PROFILE + r"""([^\\/?#&,"\s]+)"""


def linkedin_id_in(column: str) -> str:
    """SQL for the id in the first LinkedIn address of a text, as the models find it."""
    return f"nullif(regexp_extract(lower(cast({column} as varchar)), '{PROFILE_ID}', 1), '')"


def _easir_field(name: str) -> str:
    fields = """from_json(fixed_fields, '[{"name": "VARCHAR", "value": "JSON"}]')"""
    return f"(list_filter({fields}, lambda field: field.name = '{name}')[1].value ->> '$')"


@dataclass(frozen=True)
class PersonTable:
    """A raw table whose rows are about persons, and where a row says who it is about.

    Attributes:
        key: The columns of its record's id, which `:` joins.
        texts: Columns with text that the SQL below reads.
        nested: Columns with JSON that it reads.
        email: SQL over its columns for the person's e-mail.
        linkedin_id: SQL for the person's public id at LinkedIn.
        other_words: SQL for what else tells of them in a log: names, telephone numbers.
    """

    vendor: str
    resource: str
    key: tuple[str, ...]
    texts: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    email: str = "null"
    linkedin_id: str = "null"
    other_words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table's name, with its schema."""
        return f"raw_{self.vendor}.{self.resource}"

    @property
    def own_columns(self) -> str:
        """SQL for `record_id`, `email` and `linkedin_id` of a row, as the models read them; null for none."""
        email = f"trim({self.email})"
        record_id = " || ':' || ".join(f"nullif(cast({name} as varchar), '')" for name in self.key)
        return f"""
            {record_id} as record_id,
            cast(case when {email} like '%@%' then lower({email}) end as varchar) as email,
            cast({self.linkedin_id} as varchar) as linkedin_id
        """

    @property
    def fields_in_payload(self) -> str:
        """SQL for the columns that say so, of a record that was rejected."""
        payload = "case when json_valid(payload) then payload end"
        texts = [f"json_extract_string({payload}, '$.{name}')" for name in self.key + self.texts]
        for place, name in enumerate(self.key):  # a list or an object is no part of a key
            type_ = f"json_type({payload}, '$.{name}')"
            texts[place] = f"case when {type_} not in ('ARRAY', 'OBJECT') then {texts[place]} end"
        nested = [f"json_extract({payload}, '$.{name}')" for name in self.nested]
        names = self.key + self.texts + self.nested
        columns = zip(texts + nested, names, strict=True)
        return ", ".join(f'{value} as "{name}"' for value, name in columns)


# Whom a row is about; a recruiter whom it names, too, is not meant.
PERSON_TABLES = {
    (table.vendor, table.resource): table
    for table in (
        PersonTable(
            "hirednow", "results", ("id",), nested=("user",), email="""("user" ->> '$.email')"""
        ),
        PersonTable(
            "hirednow",
            "detailed_results",
            ("id",),
            nested=("report",),
            email="""(report ->> '$.user.email')""",
        ),
        PersonTable(
            "talkpush",
            "leads",
            ("id",),
            ("first_name", "last_name", "email", "user_phone_number"),
            ("others",),
            email="email",
            linkedin_id=linkedin_id_in("others"),
            other_words=("first_name || ' ' || last_name", "user_phone_number"),
        ),
        PersonTable(
            "linkup",
            "candidates",
            ("job_id", "application_id"),
            ("full_name", "first_name", "last_name", "public_identifier", "profile_url"),
            linkedin_id=f"coalesce(nullif(lower(trim(public_identifier)), ''), {linkedin_id_in('profile_url')})",
            other_words=("full_name", "first_name || ' ' || last_name"),
        ),
        PersonTable(
            "easir",
            "campaign_recipients",
            ("campaign_id", "id"),
            (),
            ("fixed_fields", "custom_fields", "social_profile"),
            email=_easir_field("email"),
            linkedin_id=f"coalesce({linkedin_id_in('social_profile')}, {linkedin_id_in('custom_fields')})",
            other_words=(
                f"{_easir_field('first_name')} || ' ' || {_easir_field('last_name')}",
                _easir_field("mobile_phone_number"),
                _easir_field("landline_phone_number"),
            ),
        ),
    )
}
