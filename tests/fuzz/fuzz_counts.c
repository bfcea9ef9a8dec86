/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_counts: no bytes that claim to be counts may do harm, to whoever reads them or numbers their words.
 *
 * Checksums would stop a fuzzer at the door, so the input is tried as it is and with its checksums made right. */
#include "models/corpus/corpus.h"
#include "models/corpus/counts.h"
#include "models/train/vocabulary.h"
#include "proto/base/hash.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Head, versions, each record and the end as they ought to be, as far as lengths are told. */
static void repair(uint8_t *p, size_t n)
{
    struct counts_head *h = (void *)p;
    if (n < sizeof *h) return;
    memcpy(h->magic, COUNTS_MAGIC, sizeof h->magic);
    h->version = COUNTS_VERSION;
    h->feature_version = FEATURE_VERSION;
    h->text_bytes &= ~(uint32_t)(COUNTS_ALIGN - 1);
    if (h->text_bytes > n - sizeof *h) return;
    h->check = 0;
    h->check = hash64(span_of(p + sizeof *h, h->text_bytes), hash64(span_of(h, sizeof *h), 0));
    uint64_t chain = 0, mails = 0;
    for (size_t at = sizeof *h + h->text_bytes; n - at >= sizeof(struct counts_end);) {
        struct counts_mail *m = (void *)(p + at);
        struct counts_end *end = (void *)m;
        m->bytes &= ~(uint32_t)(COUNTS_ALIGN - 1);
        if (n - at == sizeof *end)
            *end = (struct counts_end){.bytes = sizeof *end, .mark = COUNTS_END, .mails = mails, .chain = chain};
        if (m->bytes < COUNTS_ALIGN || m->bytes > n - at) return;
        m->check = hash64(span_of(p + at + 8, m->bytes - 8), 0);
        chain = hash_pair(chain, m->check);
        mails++;
        at += m->bytes;
    }
}

/* All that training asks of it. */
static void use(struct counts *c)
{
    struct corpus corpus = {0};
    struct corpus_without none = {0};
    struct vocabulary words;
    struct trust trust;
    char fault[VOCABULARY_FAULT_BYTES];
    size_t again, both, mails = c->mails, held = 0;
    counts_trust(c, &trust);
    assert(trust.hosts <= CONFIG_HOSTS_MAX);
    for (uint32_t i = 0; i < c->head->sources; i++) assert(counts_source(c, i).n <= COUNTS_NAME_MAX);
    assert(corpus_add(&corpus, c, &none) == ERR_OK && corpus.n == mails);
    for (size_t i = 0; i < corpus.n; i++) {
        struct features f;
        corpus_features(&corpus, i, &f);
        for (unsigned v = 0; v < VIEW_COUNT; v++)
            for (size_t j = 0; j < f.view[v].n; j++) held += f.view[v].v[j] != 0;
        span path = counts_path(corpus.mail[i]);
        for (size_t j = 0; j < path.n; j++) held += path.p[j] == 0;
        assert(corpus.source[i] < corpus.sources);
    }
    assert(corpus_duplicates(&corpus, &again, &both) == ERR_OK && both <= again && again <= held + mails);
    assert(vocabulary_open(&words, &corpus, (struct vocabulary_limits){5, 6}, NULL, fault) == ERR_OK && words.n <= 32);
    for (size_t i = 0; i < corpus.n; i++) {
        struct features f;
        vocabulary_features(&words, i, &f);
        for (unsigned v = 0; v < VIEW_COUNT; v++)
            for (size_t j = 0; j < f.view[v].n; j++) assert(f.view[v].v[j] < words.n);
    }
    vocabulary_close(&words);
    corpus_close(&corpus);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t *p = aligned_alloc(COUNTS_ALIGN, (n + COUNTS_ALIGN) / COUNTS_ALIGN * COUNTS_ALIGN);
    assert(p);
    if (n) memcpy(p, data, n);
    for (int repaired = 0; repaired < 2; repaired++) {
        char fault[COUNTS_FAULT_BYTES] = "";
        struct counts c;
        if (repaired) repair(p, n);
        if (counts_parse(span_of(p, n), "x", &c, fault) == ERR_OK)
            use(&c);
        else
            assert(fault[0]);
    }
    free(p);
    return 0;
}
