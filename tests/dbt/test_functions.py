"""Telephone numbers in E.164 form."""

from __future__ import annotations

from functools import cache
from unittest.mock import patch

import phonenumbers
import pyarrow as pa
import pytest
import rphonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_models import functions
from dbt_models.functions import phone_e164, phones_e164

NUMBERS = [
    pytest.param("+45 88 88 88 88", None, "+4588888888", id="international"),
    pytest.param("(+45) 88-88-88-88", None, "+4588888888", id="plus in brackets"),
    pytest.param("0045 88888888", None, "+4588888888", id="00 prefix"),
    pytest.param("0045 88888888", "US", "+4588888888", id="00 prefix beats the region"),
    pytest.param("+63 917 111 0000 ext. 12", None, "+639171110000", id="extension"),
    pytest.param("88888888", None, None, id="no country"),
    pytest.param("88888888", "dk", "+4588888888", id="default region"),
    pytest.param("0917 111 0000", "PH", "+639171110000", id="national prefix"),
    pytest.param("532-395-1749", None, None, id="EASI'R's own example has no country"),
    pytest.param("1-663-855-6168 x834", None, None, id="EASI'R's other example is not valid"),
    pytest.param("1-202-555-0123 x834", None, "+12025550123", id="eleven digits, extension"),
    pytest.param("639171110000", None, "+639171110000", id="twelve digits without plus"),
    pytest.param("+45 1", None, None, id="too short"),
    pytest.param("+639171110000", "XX", "+639171110000", id="region unknown, not needed"),
    pytest.param("88888888", "XX", None, id="region unknown"),
    pytest.param("call me", None, None, id="words"),
    pytest.param("", "DK", None, id="empty"),
    pytest.param(None, None, None, id="absent"),
]


@pytest.mark.parametrize(("text", "region", "expected"), NUMBERS)
def test_phone_e164(text: str | None, region: str | None, expected: str | None) -> None:
    assert phone_e164(text, region) == expected


@given(st.one_of(st.text(), st.from_regex(r"[+0]{0,3}[\d ()x#;.-]{0,300}")), st.text(max_size=3))
def test_phone_e164_never_raises_and_is_stable(text: str, region: str) -> None:
    number = phone_e164(text, region)
    assert number is None or phone_e164(number, None) == number


@cache
def examples() -> list[tuple[str, str]]:
    """A number of each kind that a region has, in each style, with its region."""
    found = (
        (phonenumbers.example_number_for_type(region, kind), region)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in phonenumbers.PhoneNumberType.values()
    )
    style_of = phonenumbers.PhoneNumberFormat
    styles = [style_of.E164, style_of.INTERNATIONAL, style_of.NATIONAL, style_of.RFC3966]
    return [
        (phonenumbers.format_number(example, style), region)
        for example, region in found
        if example
        for style in styles
    ]


def as_the_python_library_reads(text: str, region: str | None) -> str | None:
    with patch.object(functions, "rphonenumbers", phonenumbers):
        return phone_e164(text, region)


def test_numbers_of_all_regions_are_read_as_by_the_python_library() -> None:
    """The Rust one is young; this is what it must never stop doing."""
    release = rphonenumbers.__phonenumbers_version__
    assert phonenumbers.__version__ == release, f"change constraints.txt to phonenumbers=={release}"
    read = [phone_e164(text, region) for text, region in examples()]

    assert read == [as_the_python_library_reads(text, region) for text, region in examples()]
    assert sum(number is not None for number in read) > 5000


@settings(deadline=None, max_examples=500)  # the first example loads the rules of a region
@given(st.data())
def test_what_is_nearly_a_number_is_read_as_by_the_python_library(data: st.DataObject) -> None:
    text, region = data.draw(st.sampled_from(examples()))
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 3)))
    other = data.draw(
        st.text(st.sampled_from("0123456789+()- .,;x#\u00a0\uff0b\uff15\u0667a"), max_size=3)
    )
    text = text[:begin] + other + text[end:]
    region = data.draw(st.sampled_from([region, None, "PH", "US", "001", "ZZ"]))

    assert phone_e164(text, region) == as_the_python_library_reads(text, region)


def test_columns_keep_their_order_and_gaps() -> None:
    numbers = ["+4588888888", None, "x", "+4588888888"]
    regions = pa.array([""] * len(numbers))
    expected = ["+4588888888", None, None, "+4588888888"]
    assert phones_e164(pa.array(numbers), regions).to_pylist() == expected
    assert phones_e164(pa.array([None, None], pa.string()), regions).to_pylist() == [None, None]
    assert phones_e164(pa.array([], pa.string()), pa.array([], pa.string())).to_pylist() == []
