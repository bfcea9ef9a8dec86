/* SPDX-License-Identifier: Apache-2.0 */
/* publish: relaxed stores, and a release behind them; see publish.h. */
#include "models/live/publish.h"

#include <assert.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void forget(struct publish *p)
{
    struct livetable *t = p->t;
    atomic_store_explicit(&t->learnt, 0, memory_order_release);
    for (size_t i = 0; i < LIVETABLE_TENANT_BITS / 64; i++)
        atomic_store_explicit(&t->tenant[i], 0, memory_order_relaxed);
    for (size_t i = 0; i < (size_t)1 << p->bits; i++) atomic_store_explicit(&t->cell[i], 0, memory_order_relaxed);
}

enum err publish_open(struct publish *p, int fd, unsigned bits, uint32_t features, float step)
{
    struct stat st;
    *p = (struct publish){0};
    if (fstat(fd, &st) != 0) return ERR_IO;
    if (bits < LIVETABLE_BITS_MIN || bits > LIVETABLE_BITS_MAX || (uint64_t)st.st_size != livetable_bytes(bits))
        return ERR_MODEL;
    void *map = mmap(NULL, livetable_bytes(bits), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return ERR_IO;
    struct livetable *t = map;
    *p = (struct publish){t, bits};
    if (livetable_sound(t, bits, features) && t->step == step) return ERR_OK;
    forget(p);
    t->magic = LIVETABLE_MAGIC;
    t->version = LIVETABLE_VERSION;
    t->bits = bits;
    t->features = features;
    t->step = step;
    t->frozen = 0;
    return ERR_OK;
}

void publish_close(struct publish *p)
{
    if (p->t) munmap(p->t, livetable_bytes(p->bits));
    *p = (struct publish){0};
}

/* Rounded, and held to what a cell holds; what is no number is 0. */
static int16_t steps_of(float x)
{
    x = x >= 32767.0F ? 32767.0F : x <= -32767.0F ? -32767.0F : x;
    return x == x ? (int16_t)(x < 0 ? x - 0.5F : x + 0.5F) : 0;
}

/* What stays as it is is not written: lines that workers have in their caches stay there. */
void publish_cells(struct publish *p, uint32_t first, const float *weight, size_t n)
{
    if (!p->t) return;
    const float steps = 1 / p->t->step;
    assert(first + n <= (size_t)1 << p->bits);
    for (size_t i = 0; i < n; i++) {
        _Atomic int16_t *to = &p->t->cell[first + i];
        int16_t value = steps_of(weight[i] * steps);
        if (atomic_load_explicit(to, memory_order_relaxed) != value)
            atomic_store_explicit(to, value, memory_order_relaxed);
    }
}

void publish_head(struct publish *p, uint64_t learnt, bool frozen, const uint64_t tenants[LIVETABLE_TENANT_BITS / 64])
{
    if (!p->t) return;
    for (size_t i = 0; i < LIVETABLE_TENANT_BITS / 64; i++)
        atomic_store_explicit(&p->t->tenant[i], tenants[i], memory_order_relaxed);
    p->t->frozen = frozen;
    atomic_store_explicit(&p->t->learnt, learnt, memory_order_release);
}
