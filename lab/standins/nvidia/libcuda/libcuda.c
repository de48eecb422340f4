/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright: (c) 2026, the hybrid_ai.cluster contributors */
/*
 * A stand-in for libcuda.so.1: the part of the driver API that the proof of plugins/module_utils/_nvidia/cuda.py calls.
 * It computes on the processor what that one kernel says, and fails as the simulated host has it: with any CUresult, in
 * any call, of all GPUs or of one. What it does not know it refuses.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cards.h" /* struct kind { device, major and minor of its capability, memory_mib, name } kinds[], from the captures */

#define STATE "/run/hybrid-lab-nvidia.json"
#define DEFAULT_STATE "{\"cards\": [{\"address\": \"0000:01:00.0\", \"device\": \"0x2702\"," \
                      " \"name\": \"NVIDIA GeForce RTX 4080 SUPER\", \"state\": \"ok\"}]}"
#define MOST 16
enum { INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
       INVALID_CONTEXT = 201, INVALID_PTX = 218, NOT_FOUND = 500, MISMATCH = 803 };

struct card {
    char address[32], name[128], state[64], uuid[64];
    unsigned long device;
    const struct kind *kind;
};
static struct card cards[MOST];
static int count, visible[MOST], seen, started, current = -1;
static char fault[64];
static int proprietary, branch;

/* ---- The state: JSON as Python's json.dump writes it, without escapes in what is read here. ---- */

static const char *member(const char *text, const char *end, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\"", name);
    const char *found = memmem(text, end - text, key, strlen(key));
    if (!found)
        return NULL;
    for (found += strlen(key); found < end && (isspace((unsigned char)*found) || *found == ':'); found++)
        ;
    return found < end ? found : NULL;
}

static void string(const char *text, const char *end, const char *name, char *target, size_t size)
{
    const char *value = member(text, end, name);
    target[0] = 0;
    for (size_t i = 0; value && *value == '"' && value[i + 1] && value[i + 1] != '"' && i + 1 < size; i++)
        target[i] = value[i + 1], target[i + 1] = 0;
}

static const char *closing(const char *open, const char *end)
{
    int depth = 0;
    for (const char *at = open; at < end; at++) {
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        if (!depth)
            return at;
    }
    return end;
}

static char *state_text(void)
{
    const char *path = getenv("HYBRID_LAB_NVIDIA");
    FILE *file = fopen(path ? path : STATE, "r");
    static char text[65536];
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = 0;
    return length ? text : strcpy(text, DEFAULT_STATE);
}

static void read_card(const char *open, const char *end)
{
    struct card *card = &cards[count];
    char device[32];
    string(open, end, "address", card->address, sizeof card->address);
    string(open, end, "name", card->name, sizeof card->name);
    string(open, end, "state", card->state, sizeof card->state);
    string(open, end, "uuid", card->uuid, sizeof card->uuid);
    string(open, end, "device", device, sizeof device);
    card->device = strtoul(device, NULL, 16);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].device == card->device)
            card->kind = &kinds[i];
    /* The identity that the stand-in of nvidia-smi prints too. */
    if (!card->uuid[0])
        snprintf(card->uuid, sizeof card->uuid, "GPU-00000000-0000-0000-0000-%012x", count);
    count++;
}

static int differs(const char *text, const char *end)
{
    char version[64], library[64];
    const char *driver = member(text, end, "driver");
    string(text, end, "library", library, sizeof library);
    if (!driver || *driver != '{' || !library[0])
        return 0;
    string(driver, closing(driver, end), "version", version, sizeof version);
    return version[0] && strcmp(version, library) != 0;
}

static void read_driver(const char *text, const char *end)
{
    char flavour[32] = "", version[32] = "";
    const char *driver = member(text, end, "driver");
    if (driver && *driver == '{') {
        string(driver, closing(driver, end), "flavour", flavour, sizeof flavour);
        string(driver, closing(driver, end), "version", version, sizeof version);
    }
    proprietary = !strcmp(flavour, "proprietary");
    branch = atoi(version);
}

static int unloaded(const char *text, const char *end)
{
    const char *driver = member(text, end, "driver");
    const char *loaded = driver && *driver == '{' ? member(driver, closing(driver, end), "loaded") : NULL;
    return loaded && !strncmp(loaded, "false", 5);
}

/* A fault is "cuda:cuInit:802"; a card's state is "ok", "lost", "hang", "wrong" or "cuda:cuMemAlloc_v2:2". */
static int failing(const char *what, const char *call)
{
    size_t length = strlen(call);
    if (strncmp(what, "cuda:", 5) || strncmp(what + 5, call, length) || what[5 + length] != ':')
        return 0;
    return atoi(what + 6 + length);
}

static int usable(const struct card *card)
{
    if (!strcmp(card->state, "lost") || !strcmp(card->state, "unusable") || !card->kind)
        return 0;
    if (card->kind->major == 7 && card->kind->minor < 5)
        return proprietary && branch <= 580;
    return !proprietary || card->kind->major < 10;
}

/* A name in CUDA_VISIBLE_DEVICES is a UUID here, of a GPU or of a part of one. */
static int wanted(const struct card *card)
{
    const char *only = getenv("CUDA_VISIBLE_DEVICES");
    return !only || !strncmp(only, "MIG-", 4) || !strcmp(only, card->uuid);
}

int cuInit(unsigned flags)
{
    const char *text = state_text(), *end = text + strlen(text), *list = member(text, end, "cards");
    (void)flags;
    count = seen = 0;
    if (list && *list == '[') {
        const char *stop = closing(list, end);
        for (const char *at = strchr(list, '{'); at && at < stop && count < MOST; at = strchr(closing(at, stop), '{'))
            read_card(at, closing(at, stop));
    }
    read_driver(text, end);
    string(text, end, "fault", fault, sizeof fault);
    if (failing(fault, "cuInit"))
        return failing(fault, "cuInit");
    if (unloaded(text, end))
        return NO_DEVICE;
    if (differs(text, end))
        return MISMATCH;
    for (int i = 0; i < count; i++) {
        if (!wanted(&cards[i]))
            continue;
        if (failing(cards[i].state, "cuInit"))
            return failing(cards[i].state, "cuInit");
        if (usable(&cards[i]))
            visible[seen++] = i;
    }
    if (!seen)
        return NO_DEVICE;
    started = 1;
    return 0;
}

static struct card *card_of(int device)
{
    return started && device >= 0 && device < seen ? &cards[visible[device]] : NULL;
}

static int may(const char *call, int device)
{
    const struct card *card = card_of(device);
    if (!started)
        return NOT_INITIALIZED;
    if (failing(fault, call))
        return failing(fault, call);
    if (!card)
        return INVALID_DEVICE;
    if (!strcmp(card->state, "hang"))
        pause();
    return failing(card->state, call);
}

#define CHECK(device) \
    do { int code_ = may(__func__, device); if (code_) return code_; } while (0)
#define CHECK_CURRENT() \
    do { if (current < 0) return INVALID_CONTEXT; CHECK(current); } while (0)

int cuDriverGetVersion(int *version)
{
    *version = 13010;
    return 0;
}

int cuDeviceGetCount(int *number)
{
    if (!started)
        return NOT_INITIALIZED;
    *number = seen;
    return failing(fault, __func__);
}

int cuDeviceGet(int *device, int index)
{
    CHECK(index);
    *device = index;
    return 0;
}

int cuDeviceGetPCIBusId(char *target, int size, int device)
{
    CHECK(device);
    snprintf(target, size, "%s", card_of(device)->address);
    return 0;
}

int cuDeviceGetName(char *target, int size, int device)
{
    CHECK(device);
    const struct card *card = card_of(device);
    snprintf(target, size, "%s", card->name[0] ? card->name : card->kind->name);
    return 0;
}

int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    CHECK(device);
    if (attribute != 75 && attribute != 76)
        return INVALID_VALUE;
    *value = attribute == 75 ? card_of(device)->kind->major : card_of(device)->kind->minor;
    return 0;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device)
{
    CHECK(device);
    *bytes = (size_t)card_of(device)->kind->memory_mib << 20;
    return 0;
}

int cuDeviceGetUuid(unsigned char *target, int device)
{
    CHECK(device);
    const char *text = card_of(device)->uuid + strlen("GPU-");
    for (int i = 0; i < 16; i++, text += 2) {
        text += *text == '-';
        sscanf(text, "%2hhx", &target[i]);
    }
    return 0;
}

int cuDevicePrimaryCtxRetain(void **context, int device)
{
    CHECK(device);
    *context = (void *)(uintptr_t)(device + 1);
    return 0;
}

int cuDevicePrimaryCtxRelease_v2(int device)
{
    current = -1;
    CHECK(device);
    return 0;
}

int cuCtxSetCurrent(void *context)
{
    CHECK((int)(uintptr_t)context - 1);
    current = (int)(uintptr_t)context - 1;
    return 0;
}

int cuCtxSynchronize(void)
{
    CHECK_CURRENT();
    return 0;
}

/* ---- The one program it knows: what of it decides about the sum has to be there, in this order. ---- */

static const char *const KNOWN[] = {
    ".version 6.0", ".target sm_70", ".address_size 64", ".visible .entry hybrid_ai_sum(", ".param .u64 numbers",
    ".param .u64 result", ".param .u32 count", "mad.lo.s32 %r2, %r2, %r3, %r4;", "setp.ge.u32 %p1, %r2, %r1;",
    "@%p1 bra DONE;", "mul.wide.u32 %rd5, %r2, 4;", "ld.global.u32 %r5, [%rd3];", "red.global.add.u32 [%rd4], %r5;",
};

int cuModuleLoadData(void **module, const char *program)
{
    CHECK_CURRENT();
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        program = strstr(program, KNOWN[i]);
        if (!program)
            return INVALID_PTX;
        program += strlen(KNOWN[i]);
    }
    *module = (void *)KNOWN;
    return 0;
}

int cuModuleGetFunction(void **function, void *module, const char *name)
{
    CHECK_CURRENT();
    if (module != (void *)KNOWN || strcmp(name, "hybrid_ai_sum"))
        return NOT_FOUND;
    *function = (void *)KNOWN;
    return 0;
}

int cuModuleUnload(void *module)
{
    (void)module;
    CHECK_CURRENT();
    return 0;
}

int cuMemAlloc_v2(uint64_t *pointer, size_t bytes)
{
    CHECK_CURRENT();
    *pointer = (uintptr_t)malloc(bytes);
    return *pointer ? 0 : OUT_OF_MEMORY;
}

int cuMemFree_v2(uint64_t pointer)
{
    CHECK_CURRENT();
    free((void *)(uintptr_t)pointer);
    return 0;
}

int cuMemcpyHtoD_v2(uint64_t target, const void *source, size_t bytes)
{
    CHECK_CURRENT();
    memcpy((void *)(uintptr_t)target, source, bytes);
    return 0;
}

int cuMemcpyDtoH_v2(void *target, uint64_t source, size_t bytes)
{
    CHECK_CURRENT();
    memcpy(target, (const void *)(uintptr_t)source, bytes);
    return 0;
}

int cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                   unsigned block_z, unsigned shared, void *stream, void **parameters, void **extra)
{
    CHECK_CURRENT();
    if (function != (void *)KNOWN || grid_y != 1 || grid_z != 1 || block_y != 1 || block_z != 1 || block_x > 1024 ||
        shared || stream || extra)
        return INVALID_VALUE;
    const uint32_t *numbers = (const uint32_t *)(uintptr_t)*(uint64_t *)parameters[0];
    uint32_t *result = (uint32_t *)(uintptr_t)*(uint64_t *)parameters[1], limit = *(uint32_t *)parameters[2];
    for (uint64_t thread = 0; thread < (uint64_t)grid_x * block_x; thread++)
        if (thread < limit)
            *result += numbers[thread];
    *result += !strcmp(card_of(current)->state, "wrong");
    return 0;
}
