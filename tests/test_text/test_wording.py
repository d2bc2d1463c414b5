"""One thing has one name in Arabic, the one that an Egyptian shop gives it, on every screen and in every command."""

from __future__ import annotations

import re

from tests.test_text.test_catalogues import CATALOGUES, keys_of

SAY = {
    "السيرفر": ("الخادم", "للخادم", "خادم"),
    "الاتصال المباشر": ("البث",),
    "القطعة": ("الصنف", "صنف", "أصناف", "الأصناف"),
    "قائمة الإرسال": ("طابور", "الطابور", "قايمة", "القايمة", "قوايم", "القوايم"),
    "طلب": ("أوردر", "الأوردر"),
    "مخزن أسرار الجهاز": ("خزنة مفاتيح النظام", "خزنة النظام"),
    "خلاف": ("تعارض", "التعارض"),
    "البورت": ("المنفذ", "منفذ"),
    "الطرفية": ("الترمنال", "ترمنال"),
    "العربية": ("السيارة", "سيارة"),
    "القسم": ("الفئة", "فئة"),
    "الإيميل": ("البريد الإلكتروني",),
    "الفاتورة": ("إيصال", "الإيصال"),
    "البائع": ("البايع", "بايع"),
    "على الحساب": ("الآجل", "بالآجل"),
    "إصدار": ("النسخة",),
    "ما ينفعش": ("مينفعش", "ماينفعش"),
    "ما اتبعتش": ("ماتبعتش", "فماتبعتش"),
    "ما ردش": ("ماردش",),
    "عشان": ("علشان",),
    "مظبوط": ("مضبوط", "مضبوطة"),
    "إنت": ("انت", "وانت"),
    "اتحذف": ("اتمسح", "اتمسحت"),  # امسح is what one does with a barcode
    "شيله": ("امسحه",),
    "مفصول بإيدك": ("مقطوع بإيدك",),
    "نافذة": ("شباك",),
    "دلوقتي": ("الآن", "الان"),
}
"""What is said, and what was said for the same thing here and there."""

COUNTED = re.compile(r"\{\w+\} (ثانية|ثواني|دقيقة|دقايق|ساعة|يوم|أيام|قطعة|قطع|حرف|مرة|مرات|تغيير|حركة|صف|سطر|فاتورة)")
"""A number with its noun behind it: Arabic has six forms of that, so it is a plural entry or put otherwise."""

MASCULINE_WINDOW = re.compile(r"نافذة(?: تانية)? (?:بي|هي)\w")
"""A window is a she in Arabic, and so is its verb."""

OF_BOOKS = re.compile(
    r"(?<!\w)(?:هذا|هذه|ذلك|لم|لن|انظر|صار|سوف|ينتظر|تنتظر|يؤخذ|تنفذ|أضيفت|يتسع|لا يوجد|لا يمكن|يرجى|مرة أخرى)(?!\w)"
)
"""Words of books and newspapers, which nobody says over a counter."""

SENTENCES = keys_of("ar")


def test_nothing_goes_by_two_names() -> None:
    wrong = [
        f"{key}: {word} is called {name} here"
        for name, banned in SAY.items()
        for word in banned
        for key, forms in SENTENCES.items()
        if any(re.search(rf"(?<!\w){word}(?!\w)", form) for form in forms)
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_counted_has_plural_forms() -> None:
    wrong = [f"{key}: {forms[0]}" for key, forms in SENTENCES.items() if len(forms) == 1 and COUNTED.search(forms[0])]
    assert not wrong, "\n".join(wrong)


def test_plural_entries_count_from_three_on() -> None:
    """One and two are words of their own in Arabic; from three on the figure is said."""
    for message in CATALOGUES["ar"]:
        if message.id and message.pluralizable:
            _, one, two, few, many, other = message.string
            assert "{n}" not in one + two, message.id[0]
            assert all("{n}" in form for form in (few, many, other)), message.id[0]


def test_a_window_has_the_verb_of_a_she() -> None:
    assert not [key for key, forms in SENTENCES.items() if any(MASCULINE_WINDOW.search(form) for form in forms)]


def test_it_is_said_as_it_is_said_over_the_counter() -> None:
    wrong = [f"{key}: {found[0]}" for key, forms in SENTENCES.items() if (found := OF_BOOKS.search(" ".join(forms)))]
    assert not wrong, "\n".join(wrong)
