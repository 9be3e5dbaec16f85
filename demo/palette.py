# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours (sRGB 0..1) and surface properties of the materials."""

SKIN = (0.80, 0.585, 0.465)
BLUSH = (0.80, 0.46, 0.37)
LIPS = (0.70, 0.40, 0.36)
BROWS = (0.16, 0.10, 0.07)
HAIR_ROOT = (0.13, 0.075, 0.045)
HAIR_TIP = (0.36, 0.21, 0.12)
SCLERA = (0.90, 0.88, 0.86)
IRIS = (0.24, 0.42, 0.50)
PUPIL = (0.02, 0.02, 0.025)
SHIRT = (0.90, 0.885, 0.85)
STRIPE = (0.10, 0.14, 0.27)
JACKET = (0.36, 0.40, 0.22)
RIB = (0.22, 0.25, 0.15)
ZIP = (0.72, 0.60, 0.36)
DENIM = (0.13, 0.18, 0.31)
DENIM_WORN = (0.34, 0.42, 0.56)
LEATHER = (0.27, 0.14, 0.07)
BUCKLE = (0.75, 0.70, 0.60)
CANVAS = (0.66, 0.16, 0.12)
RUBBER = (0.90, 0.89, 0.86)
LACE = (0.93, 0.92, 0.90)

# roughness, metallic, subsurface weight
MATERIALS = {
    "Skin": (0.48, 0.0, 0.12),
    "Lips": (0.36, 0.0, 0.10),
    "Eyes": (0.08, 0.0, 0.0),
    "Eyebrows": (0.70, 0.0, 0.0),
    "Hair": (0.52, 0.0, 0.0),
    "T-Shirt": (0.85, 0.0, 0.0),
    "Jacket": (0.72, 0.0, 0.0),
    "Knit": (0.90, 0.0, 0.0),
    "Zip": (0.30, 1.0, 0.0),
    "Trousers": (0.80, 0.0, 0.0),
    "Belt": (0.45, 0.0, 0.0),
    "Buckle": (0.25, 1.0, 0.0),
    "Shoes": (0.65, 0.0, 0.0),
    "Rubber": (0.55, 0.0, 0.0),
}
