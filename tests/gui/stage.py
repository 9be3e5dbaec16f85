# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario does with Blender: as a user would, with mouse and keys."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import bpy

from tests.gui.frame_probe import FrameProbe

TICK = 0.02  # seconds between two looks at an `until`
SETTLE = 0.15  # seconds after an event
# Software GL compiles its shaders when a region is drawn first; clicks before that are lost.
FIRST_DRAWING = 3.0
_TURNS = 3  # of Blender's loop: in one the mouse leaves a button, in the next it enters another
_SCROLLINGS = 6


@dataclass(frozen=True)
class until:
    """Waits for `condition`; AssertionError when it does not come true in time."""

    condition: Callable[[], object]
    what: str
    timeout: float = 60.0  # seconds


Steps = Generator[float | until, None, None]


def specific(item: object) -> Any:
    """What has more than its declared type says. (Sources of the extension are not loaded here.)"""
    return item


def mesh_of(ob: bpy.types.Object) -> bpy.types.Mesh:
    return cast("bpy.types.Mesh", ob.data)


class Stage:
    """What a scenario does with Blender, as a user would, and what it reports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.probe = FrameProbe()
        self.mouse = (0, 0)  # pixels from the window's lower left corner
        self._buttons: dict[str, tuple[int, int]] = {}  # where they were when last seen

    def report(self, event: str, **facts: Any) -> None:
        """Adds a line that the test reads as `Outcome.events`."""
        line = {"event": event, "time": time.time(), **facts}
        with open(self.folder / "events.jsonl", "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, default=str) + "\n")

    def screenshot(self, name: str) -> Steps:
        """Keeps a picture of the whole window. (Blender's own are black under Xvfb.)"""
        process = subprocess.Popen(picture(self.folder / f"{name}.png"))
        yield until(lambda: process.poll() is not None, f"the screenshot {name}")
        assert process.returncode == 0

    # The window

    @property
    def window(self) -> bpy.types.Window:
        return bpy.context.window_manager.windows[0]

    @property
    def view(self) -> bpy.types.Area:
        """The largest 3D view."""
        views = [a for a in self.window.screen.areas if a.type == "VIEW_3D"]
        return max(views, key=lambda a: a.width * a.height)

    def region(self, kind: str = "UI") -> bpy.types.Region:
        """A region of the 3D view: UI is the side bar, WINDOW the viewport."""
        return next(r for r in self.view.regions if r.type == kind)

    @contextmanager
    def override(self, kind: str = "WINDOW") -> Iterator[None]:
        """The context an operator finds when the mouse is over that region of the 3D view."""
        with bpy.context.temp_override(
            window=self.window, area=self.view, region=self.region(kind)
        ):
            yield

    def undo_step(self) -> None:
        """What was done by script so far is a step that Ctrl Z comes back to."""
        with self.override():
            bpy.ops.ed.undo_push(message="Scenario")

    def open_file(self, path: str) -> Steps:
        """As File > Open does, with the layout of the file."""
        with bpy.context.temp_override(window=self.window):
            bpy.ops.wm.open_mainfile(filepath=path)
        yield until(lambda: bpy.data.filepath == path, f"{path} to be open")
        yield SETTLE

    def show_tab(self, category: str = "Parts4D") -> Steps:
        """Opens the side bar of the 3D view at a tab."""
        self.view.spaces.active.show_region_ui = True
        yield until(lambda: self.region().width > 10, "the side bar")
        specific(self.region()).active_panel_category = category
        self.view.tag_redraw()
        yield FIRST_DRAWING
        assert self.region().active_panel_category == category

    def maximise_view(self) -> Steps:
        """Gives the whole window to the 3D view, so that long panels fit; again: back."""
        with self.override():
            bpy.ops.screen.screen_full_area(use_hide_panels=False)
        yield FIRST_DRAWING

    def frame(self, name: str) -> Steps:
        """Looks at a character, given by its armature or mesh."""
        body = bpy.data.objects[name]
        eye = self.view.spaces.active.region_3d
        eye.view_location = body.matrix_world.translation
        eye.view_location.z += body.dimensions.z / 2
        eye.view_distance = 2.5 * body.dimensions.z
        yield from self._settle()

    def quiet(self, timeout: float = 60.0) -> Steps:
        """Waits until drawing is done, which software does in several passes."""
        deadline = time.monotonic() + timeout
        self.probe.start("drawing")
        yield 1.0
        while self.probe.largest("drawing").seconds > 0.1:
            assert time.monotonic() < deadline, "Blender draws without end"
            self.probe.start("drawing")
            yield 1.0
        self.probe.stop()

    # Mouse and keyboard

    def move(self, x: float, y: float) -> Steps:
        """Moves the mouse: pixels from the window's lower left corner."""
        self.mouse = (int(x), int(y))
        self._event("MOUSEMOVE", "NOTHING")
        yield from self._settle()

    def click(self, x: float, y: float) -> Steps:
        yield from self.move(x, y)
        self._event("LEFTMOUSE", "PRESS")
        yield from self._settle()
        self._event("LEFTMOUSE", "RELEASE")
        yield from self._settle()

    def press(self, key: str, **modifiers: bool) -> Steps:
        """A key by its name in Blender, e.g. press("Z", ctrl=True)."""
        self._event(key, "PRESS", **modifiers)
        yield from self._settle()
        self._event(key, "RELEASE", **modifiers)
        yield from self._settle()

    def type_text(self, text: str) -> Steps:
        """Letters, digits and what they are between, into the field that is being edited."""
        for character in text:
            name = _KEYS.get(character) or character.upper()
            self._event(name, "PRESS", unicode=character)
            self._event(name, "RELEASE")
            yield TICK
        yield from self._settle()

    def move_to_viewport(self) -> Steps:
        """Over the 3D view, where keys like Ctrl Z mean the scene."""
        region = self.region("WINDOW")
        yield from self.move(region.x + region.width // 3, region.y + region.height // 2)

    def _settle(self) -> Steps:
        """Lets Blender act on an event. A timer is called once in a turn of the loop."""
        for _ in range(_TURNS):
            yield SETTLE / _TURNS

    def _event(self, kind: str, value: str, **more: Any) -> None:
        x, y = self.mouse
        specific(self.window).event_simulate(type=kind, value=value, x=x, y=y, **more)

    # Buttons

    def click_button(self, pattern: str) -> Steps:
        """Clicks a button of the side bar, wherever it is.

        `pattern` is what `under_mouse` says of it; * stands for anything.
        """
        yield from self.hover(pattern)
        yield from self.click(*self.mouse)

    def hover(self, pattern: str) -> Steps:
        """Moves the mouse over the side bar until it is on a button, which it remembers.

        Blender tells what is under the mouse, so that no position needs to be known. Scrolls when
        the button is not in sight.
        """
        for name in [n for n in self._buttons if fnmatchcase(n, pattern)]:
            found = yield from self._look(*self._buttons.pop(name))
            if fnmatchcase(found, pattern):
                return
        seen: set[str] = set()
        for scrolling in range(_SCROLLINGS):
            known = len(seen)
            for place in self._places():
                found = yield from self._look(*place)
                if fnmatchcase(found, pattern):
                    return
                seen.add(found)
            if scrolling > 1 and len(seen) == known:
                break
            yield from self._scroll(top=scrolling == 0)
        raise AssertionError(f"there is no button {pattern}; there are {sorted(seen - {''})}")

    def under_mouse(self) -> str:
        """The button in the side bar under the mouse.

        "parts4d.parse()" for an operator, "typed" for a property, "" for neither.
        """
        manager = bpy.context.window_manager
        with self.override("UI"):
            if specific(bpy.ops.ui.copy_python_command_button).poll():
                manager.clipboard = ""
                bpy.ops.ui.copy_python_command_button()
                return str(manager.clipboard).removeprefix("bpy.ops.")
            found = bpy.context.property
        return str(found[1]).rpartition(".")[2] if found else ""

    def _places(self) -> list[tuple[int, int]]:
        """A few columns over the side bar, each from the top; most buttons are in the first."""
        region = self.region()
        scale = bpy.context.preferences.system.ui_scale
        left, right = region.x + 12 * scale, region.x + region.width - 48 * scale
        step = int(18 * scale)  # less than the height of a button
        lines = range(region.y + region.height - step, region.y + step, -step)
        return [(int(left + share * (right - left)), y) for share in (0.7, 1, 0.3) for y in lines]

    def _look(self, x: int, y: int) -> Generator[float | until, None, str]:
        self.mouse = (x, y)
        self._event("MOUSEMOVE", "NOTHING")
        for _ in range(_TURNS):
            yield 0.0
        name = self.under_mouse()
        if name:
            self._buttons[name] = (x, y)
        return name

    def _scroll(self, top: bool) -> Steps:
        region = self.region()
        yield from self.move(region.x + region.width // 2, region.y + region.height // 2)
        for _ in range(30 if top else 8):
            self._event("WHEELUPMOUSE" if top else "WHEELDOWNMOUSE", "PRESS")
            yield TICK
        yield from self._settle()


def picture(path: Path) -> list[str]:
    """The command that keeps a picture of the whole display."""
    return ["import", "-window", "root", str(path)]


_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
_KEYS = {
    " ": "SPACE",
    ",": "COMMA",
    ".": "PERIOD",
    ";": "SEMI_COLON",
    "-": "MINUS",
    "/": "SLASH",
    **{str(number): name for number, name in enumerate(_DIGITS)},
}
