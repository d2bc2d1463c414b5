"""Parts by the million, believable and always the same: what the shops of the measurements are filled with.

They need not sell; they need to spread over words, numbers and barcodes as a real list does: few kinds of part,
many cars, numbers that share beginnings.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from clutch_tui.core.quantity import whole

KINDS = (
    ("فلتر زيت", "Oil filter", "فلاتر"), ("فلتر هواء", "Air filter", "فلاتر"), ("فلتر بنزين", "Fuel filter", "فلاتر"),
    ("تيل فرامل أمامي", "Front brake pads", "فرامل"), ("تيل فرامل خلفي", "Rear brake pads", "فرامل"),
    ("طنبورة فرامل", "Brake disc", "فرامل"), ("ماستر فرامل", "Brake master cylinder", "فرامل"),
    ("مساعد أمامي", "Front shock absorber", "عفشة"), ("مساعد خلفي", "Rear shock absorber", "عفشة"),
    ("مقص أمامي يمين", "Front right control arm", "عفشة"), ("كوبلن خارجي", "Outer CV joint", "عفشة"),
    ("بارة دركسيون", "Tie rod end", "عفشة"), ("بلية عجل", "Wheel bearing", "عفشة"),
    ("طلمبة مياه", "Water pump", "تبريد"), ("ردياتير", "Radiator", "تبريد"), ("ثرموستات", "Thermostat", "تبريد"),
    ("طلمبة بنزين", "Fuel pump", "وقود"), ("رشاش بنزين", "Injector", "وقود"), ("بوجيه", "Spark plug", "كهرباء"),
    ("موبينة", "Ignition coil", "كهرباء"), ("دينامو", "Alternator", "كهرباء"), ("مارش", "Starter motor", "كهرباء"),
    ("بطارية", "Battery", "كهرباء"), ("حساس أكسجين", "Oxygen sensor", "كهرباء"), ("كشاف أمامي", "Headlamp", "إضاءة"),
    ("فانوس خلفي", "Tail lamp", "إضاءة"), ("سير كاتينة", "Timing belt", "محرك"), ("سير مجموعة", "Fan belt", "محرك"),
    ("جوان وش سلندر", "Head gasket", "محرك"), ("دبرياج كامل", "Clutch kit", "نقل الحركة"),
)  # fmt: skip
CARS = {
    "تويوتا": ("كورولا", "ياريس", "كامري", "هايلكس"), "هيونداي": ("النترا", "أكسنت", "فيرنا", "توسان"),
    "كيا": ("سيراتو", "سبورتاج", "ريو", "بيكانتو"), "نيسان": ("صني", "سنترا", "قشقاي", "جوك"),
    "شيفروليه": ("أوبترا", "أفيو", "لانوس", "كروز"), "رينو": ("لوجان", "ميجان", "داستر", "كليو"),
    "فيات": ("تيبو", "شاهين", "بونتو", "أونو"), "سكودا": ("أوكتافيا", "رابيد", "فابيا", "كودياك"),
    "فولكس فاجن": ("جولف", "باسات", "تيجوان", "جيتا"), "ميتسوبيشي": ("لانسر", "أتراج", "باجيرو", "إكليبس"),
    "بي إم دبليو": ("الفئة الثالثة", "الفئة الخامسة", "إكس ٣", "إكس ٥"), "شيري": ("تيجو", "أريزو", "إنفي", "كيو كيو"),
}  # fmt: skip
BRANDS = ("Bosch", "Valeo", "Denso", "KYB", "SKF", "NGK", "Mann", "Sachs", "Brembo", "Gates", "Febi", "أصلي")
SUPPLIERS = ("التوفيق لقطع الغيار", "النصر", "دلتا موتورز", "مصر للاستيراد", "الشرق")


def parts(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """The first `count` parts as rows in core's names and units."""
    dice = random.Random(seed)
    cars = [(make, model) for make, models in CARS.items() for model in models]
    for n in range(1, count + 1):
        (name, name_en, category), (make, model) = dice.choice(KINDS), dice.choice(cars)
        brand, year = dice.choice(BRANDS), dice.randrange(1998, 2027)
        price = dice.randrange(40, 9000) * 25
        yield {
            "id": f"019a0000-0000-7000-8000-{n:012x}",
            "name": f"{name} {model} {year}",
            "name_en": name_en,
            "part_number": f"{dice.choice('ABCDEFHKLMNPRSTW')}{dice.randrange(10, 99)}-{n:06d}",
            "barcode": f"622{dice.randrange(10**9):09d}{n % 10}",
            "oem_number": f"{dice.randrange(10_000, 99_999)}-{dice.choice('ABCDEFGH')}{dice.randrange(1000, 9999)}",
            "category": category,
            "brand": brand,
            "car_brand": make,
            "car_model": model,
            "year": str(year),
            "price": price,
            "cost": price * 7 // 10,
            "stock_quantity": whole(dice.randrange(60)),
            "min_stock": whole(dice.randrange(8)),
            "unit": "",
            "decimals": 0,
            "location": f"{dice.choice('ABCDEF')}{dice.randrange(1, 30)}",
            "supplier": dice.choice(SUPPLIERS),
            "description": "",
            "image_url": "",
            "version": 1,
            "seq": n,
            "updated_at": "2026-11-01T08:00:00.000Z",
            "deleted": False,
        }
