# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The proof: a sum that each GPU computes through the driver's library alone, without a toolkit.

It needs Python's standard library and nothing else, so that its text can be given to a Python of the service's user.
What it finds it prints as one object of JSON.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from ctypes import byref, c_char, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any, Callable

LIBRARY = "libcuda.so.1"
COUNT = 4096
_BLOCK = 128
_MAJOR, _MINOR = 75, 76
ENTRY = b"hybrid_ai_sum"
# Compiled by the driver for the card it is loaded on: PTX for sm_70 is valid for every later generation.
PTX = b"""
.version 6.0
.target sm_70
.address_size 64

.visible .entry hybrid_ai_sum(
    .param .u64 numbers,
    .param .u64 result,
    .param .u32 count
)
{
    .reg .pred %p<2>;
    .reg .b32 %r<6>;
    .reg .b64 %rd<6>;

    ld.param.u64 %rd1, [numbers];
    ld.param.u64 %rd2, [result];
    ld.param.u32 %r1, [count];
    mov.u32 %r2, %ctaid.x;
    mov.u32 %r3, %ntid.x;
    mov.u32 %r4, %tid.x;
    mad.lo.s32 %r2, %r2, %r3, %r4;
    setp.ge.u32 %p1, %r2, %r1;
    @%p1 bra DONE;
    cvta.to.global.u64 %rd3, %rd1;
    cvta.to.global.u64 %rd4, %rd2;
    mul.wide.u32 %rd5, %r2, 4;
    add.s64 %rd3, %rd3, %rd5;
    ld.global.u32 %r5, [%rd3];
    red.global.add.u32 [%rd4], %r5;
DONE:
    ret;
}
"""


class CallError(Exception):
    """A function of the library returned something else than 0."""

    def __init__(self, call: str, code: int) -> None:
        super().__init__(f"{call} returned {code}")
        self.call, self.code = call, code


def numbers() -> list[int]:
    """Return what is summed: numbers that no forgotten or doubled thread can make right."""
    return [(index * 2654435761 + 12345) % 2**32 for index in range(COUNT)]


class Driver:
    """The library, whose functions fail with an exception."""

    def __init__(self, load: Callable[[str], Any] = ctypes.CDLL) -> None:
        self._library = load(LIBRARY)

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function; an old library may lack one."""
        try:
            function = getattr(self._library, name)
        except AttributeError:
            raise CallError(name, -1) from None
        code = int(function(*arguments))
        if code:
            raise CallError(name, code)

    def devices(self) -> list[int]:
        """Start the driver and return its handles of the GPUs."""
        self.call("cuInit", 0)
        count = c_int()
        self.call("cuDeviceGetCount", byref(count))
        handles = []
        for index in range(count.value):
            handle = c_int()
            self.call("cuDeviceGet", byref(handle), index)
            handles.append(handle.value)
        return handles

    def version(self) -> int:
        """Return the newest version of CUDA that it knows, such as 13010."""
        version = c_int()
        self.call("cuDriverGetVersion", byref(version))
        return version.value

    def facts(self, device: int) -> dict[str, Any]:
        """Return what the driver says of a GPU."""
        address, name, identity = (c_char * 32)(), (c_char * 128)(), (c_char * 16)()
        major, minor, memory = c_int(), c_int(), c_size_t()
        self.call("cuDeviceGetPCIBusId", address, 32, device)
        self.call("cuDeviceGetName", name, 128, device)
        self.call("cuDeviceGetAttribute", byref(major), _MAJOR, device)
        self.call("cuDeviceGetAttribute", byref(minor), _MINOR, device)
        self.call("cuDeviceTotalMem_v2", byref(memory), device)
        self.call("cuDeviceGetUuid", identity, device)
        return {
            "address": address.value.decode("ascii", "replace").lower(),
            "name": name.value.decode("utf-8", "replace"),
            "capability": f"{major.value}.{minor.value}",
            "memory_bytes": memory.value,
            "uuid": _uuid(identity.raw),
        }

    def total(self, device: int) -> int:
        """Return the sum that a GPU computes."""
        context = c_void_p()
        self.call("cuDevicePrimaryCtxRetain", byref(context), device)
        try:
            self.call("cuCtxSetCurrent", context)
            return self._launch()
        finally:
            # What failed before says more than that this fails too.
            with contextlib.suppress(CallError):
                self.call("cuDevicePrimaryCtxRelease_v2", device)

    def _launch(self) -> int:
        module, function, source, target = c_void_p(), c_void_p(), c_uint64(), c_uint64()
        given, result, size = (c_uint32 * COUNT)(*numbers()), c_uint32(0), c_size_t(4 * COUNT)
        self.call("cuModuleLoadData", byref(module), ctypes.create_string_buffer(PTX))
        self.call("cuModuleGetFunction", byref(function), module, ENTRY)
        self.call("cuMemAlloc_v2", byref(source), size)
        self.call("cuMemAlloc_v2", byref(target), c_size_t(4))
        self.call("cuMemcpyHtoD_v2", source, given, size)
        self.call("cuMemcpyHtoD_v2", target, byref(result), c_size_t(4))
        count = c_uint32(COUNT)
        values = (source, target, count)
        parameters = (c_void_p * 3)(*(ctypes.addressof(value) for value in values))
        grid = ((COUNT + _BLOCK - 1) // _BLOCK, 1, 1)
        self.call("cuLaunchKernel", function, *grid, _BLOCK, 1, 1, 0, None, parameters, None)
        self.call("cuCtxSynchronize")
        self.call("cuMemcpyDtoH_v2", byref(result), target, c_size_t(4))
        self.call("cuMemFree_v2", source)
        self.call("cuMemFree_v2", target)
        self.call("cuModuleUnload", module)
        return result.value


def prove(load: Callable[[str], Any] = ctypes.CDLL) -> dict[str, Any]:
    """Have every GPU compute, and return what came of it: one that fails does not stop the others."""
    result: dict[str, Any] = {"library": None, "cuda": None, "failed": None, "devices": [], "files": files()}
    try:
        driver = Driver(load)
    except OSError as error:
        return {**result, "failed": {"call": "dlopen", "code": None, "says": str(error)}}
    result["library"] = mapped()
    try:
        result["cuda"] = driver.version()
        handles = driver.devices()
    except CallError as error:
        return {**result, "failed": _failure(error)}
    result["devices"] = [_device(driver, handle) for handle in handles]
    return result


def _device(driver: Driver, handle: int) -> dict[str, Any]:
    told: dict[str, Any] = {"computes": False, "failed": None}
    try:
        told.update(driver.facts(handle))
        told["computes"] = driver.total(handle) == sum(numbers()) % 2**32
    except CallError as error:
        told["failed"] = _failure(error)
    return told


def _failure(error: CallError) -> dict[str, Any]:
    return {"call": error.call, "code": error.code, "says": str(error)}


def _uuid(raw: bytes) -> str:
    text = raw.hex()
    return f"GPU-{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def mapped() -> str | None:
    """Return the version in the name of the library's file, as it lies in this process."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    names = [line.rpartition("/")[2] for line in lines if "/libcuda.so" in line]
    version = names[0].partition(".so.")[2] if names else ""
    return version if "." in version else None


def files(directory: str = "/dev") -> dict[str, bool]:
    """Say of each file that leads to the driver whether this user may open it."""
    try:
        places = sorted(place for place in Path(directory).glob("nvidia*") if not place.is_dir())
    except OSError:
        return {}
    return {place.name: os.access(place, os.R_OK | os.W_OK) for place in places}


def main(arguments: list[str]) -> int:
    """Print the proof; an argument is the UUID of the one device to look at."""
    # A cache would need a home that the user may write.
    os.environ.update(CUDA_CACHE_DISABLE="1", CUDA_DEVICE_ORDER="PCI_BUS_ID")
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    if arguments:
        os.environ["CUDA_VISIBLE_DEVICES"] = arguments[0]
    print(json.dumps(prove()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
