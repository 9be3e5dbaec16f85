# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded default encoder: masks and typed words meet through names and a part ontology."""

from .encoder import NamesEncoder, NameTables
from .ontology import BODY_REGIONS, Meaning, Ontology

__all__ = ["BODY_REGIONS", "Meaning", "NameTables", "NamesEncoder", "Ontology"]
