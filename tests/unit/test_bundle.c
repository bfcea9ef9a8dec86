/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle: a bundle comes back as it was written; every damaged one is refused, with the place named.
 *
 * Each byte of a small bundle is flipped in turn, each prefix of it is tried, and headers that lie are built with
 * their checksums made right again, as an attacker would. */
#define _GNU_SOURCE
#include "models/train/bundle_write.h"
#include "proto/base/hash.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { FEATURES = 7, MAP_BYTES = 4096 };

static char folder[64], path[96];
static uint8_t *good; /* MAP_BYTES, 64-byte aligned; the first good_bytes are the bundle */
static size_t good_bytes;

static size_t slurp(const char *from, uint8_t *to)
{
    int fd = open(from, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, to, MAP_BYTES);
    assert_true(n >= 0);
    close(fd);
    return (size_t)n;
}

static span manifest_value(const struct bundle *b, const char *key)
{
    span k, v;
    for (size_t at = 0; bundle_manifest_next(b, &at, &k, &v);)
        if (span_eq(k, span_cstr(key))) return v;
    return SPAN_NONE;
}

static void spill(const char *to, const void *p, size_t n)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), n);
    close(fd);
}

static enum err write_example(const char *to, const char *made, char *id, char *why)
{
    struct manifest m = {0};
    manifest_put(&m, "made", "%s", made);
    manifest_put(&m, "from", "corpus \xE5\xAD\xA6\n\x1b[31m\\");
    uint8_t weights[100];
    for (int i = 0; i < 100; i++) weights[i] = (uint8_t)i;
    struct bundle_part parts[] = {
        {"bayes.1", span_of(weights, sizeof weights)}, {"empty", SPAN_NONE}, {"net", span_of(weights, 64)}};
    enum err e = bundle_write(to, FEATURES, &m, parts, 3, id, why);
    manifest_close(&m);
    return e;
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/furui-test-bundle.XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/x.bundle", folder);
    good = aligned_alloc(BUNDLE_ALIGN, MAP_BYTES);
    char why[BUNDLE_FAULT_BYTES], id[17];
    if (write_example(path, "2026-01-01", id, why) != ERR_OK) return -1;
    good_bytes = slurp(path, good);
    return 0;
}

static int files_in_folder(void)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static int teardown(void **state)
{
    (void)state;
    free(good);
    unlink(path);
    return rmdir(folder);
}

static void comes_back(void **state)
{
    (void)state;
    struct bundle b;
    char why[BUNDLE_FAULT_BYTES] = "";
    assert_int_equal(bundle_open(path, FEATURES, &b, why), ERR_OK);
    assert_int_equal(b.section_count, 4);
    assert_int_equal(b.feature_version, FEATURES);
    span w = bundle_section(&b, "bayes.1");
    assert_int_equal(w.n, 100);
    for (int i = 0; i < 100; i++) assert_int_equal(w.p[i], i);
    for (uint32_t i = 0; i < b.section_count; i++)
        assert_int_equal((uintptr_t)bundle_at(&b, i).bytes.p % BUNDLE_ALIGN, 0);
    assert_int_equal(bundle_section(&b, "net").n, 64);
    assert_non_null(bundle_section(&b, "empty").p);
    assert_int_equal(bundle_section(&b, "empty").n, 0);
    assert_null(bundle_section(&b, "bayes").p);
    assert_null(bundle_section(&b, "bayes.1 and a name that is longer than any").p);
    assert_true(span_eq(manifest_value(&b, "made"), SPAN("2026-01-01")));
    assert_true(span_eq(manifest_value(&b, "from"), SPAN("corpus \\xe5\\xad\\xa6\\x0a\\x1b[31m\\x5c")));
    assert_null(manifest_value(&b, "mad").p);
    span k, v;
    size_t at = 0, lines = 0;
    while (bundle_manifest_next(&b, &at, &k, &v)) lines++;
    assert_int_equal(lines, 2);
    bundle_close(&b);

    /* The same content gives the same bytes and id; other content another id. */
    char again[128], id[17], id2[17], other[17];
    snprintf(again, sizeof again, "%s/again", folder);
    assert_int_equal(write_example(path, "2026-01-01", id, why), ERR_OK);
    assert_int_equal(write_example(again, "2026-01-01", id2, why), ERR_OK);
    uint8_t bytes[MAP_BYTES];
    assert_int_equal(slurp(again, bytes), good_bytes);
    assert_memory_equal(bytes, good, good_bytes);
    assert_string_equal(id, id2);
    assert_int_equal(write_example(again, "2026-01-02", other, why), ERR_OK);
    assert_string_not_equal(id, other);
    unlink(again);
}

static void each_flipped_byte_is_refused(void **state)
{
    (void)state;
    struct bundle b = {.bytes = 42};
    char why[BUNDLE_FAULT_BYTES];
    for (size_t i = 0; i < good_bytes; i++)
        for (int bit = 0; bit < 8; bit++) {
            good[i] ^= (uint8_t)(1 << bit);
            why[0] = 0;
            enum err e = bundle_parse(span_of(good, good_bytes), "x", FEATURES, &b, why);
            assert_true(e == ERR_MODEL || (e == ERR_VERSION && i >= 8 && i < 12));
            assert_true(strlen(why) > 5 && !strchr(why, '\n'));
            assert_int_equal(b.bytes, 42);
            good[i] ^= (uint8_t)(1 << bit);
        }
    assert_int_equal(bundle_parse(span_of(good, good_bytes), "x", FEATURES, &b, why), ERR_OK);
}

static void each_cut_is_refused(void **state)
{
    (void)state;
    struct bundle b;
    char why[BUNDLE_FAULT_BYTES];
    for (size_t n = 0; n < good_bytes; n++) {
        /* A copy of just that many bytes, so that sanitisers see each read past the end. */
        void *cut = NULL;
        assert_int_equal(posix_memalign(&cut, BUNDLE_ALIGN, n), 0);
        if (n) memcpy(cut, good, n);
        assert_int_equal(bundle_parse(span_of(cut, n), "x", FEATURES, &b, why), ERR_MODEL);
        assert_non_null(strstr(why, n == 0 ? "empty" : "truncated"));
        free(cut);
    }
}

/* Write `v` over the header or table, then make the checksum right again. */
static void lie(uint8_t *p, size_t at, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) p[at + (size_t)i] = (uint8_t)(v >> 8 * i);
    uint32_t count = p[16] | (uint32_t)p[17] << 8;
    size_t head = 64 + 40 * (size_t)count;
    if (head > MAP_BYTES) head = MAP_BYTES;
    memset(p + 32, 0, 8);
    uint64_t id = hash64(span_of(p, head), 0);
    for (int i = 0; i < 8; i++) p[32 + i] = (uint8_t)(id >> 8 * i);
}

static void a_lying_header_is_refused(void **state)
{
    (void)state;
    enum { ENTRY = 64 + 40 }; /* section 1, "bayes.1" */
    static const struct {
        size_t at;
        uint64_t value;
        int bytes;
        enum err want;
        const char *says;
    } LIES[] = {
        {8, 2, 4, ERR_VERSION, "container version 2 at offset 8"},
        {12, 8, 4, ERR_VERSION, "feature version 8; this program has version 7"},
        {16, 0, 4, ERR_MODEL, "0 sections at offset 16"},
        {16, 65, 4, ERR_MODEL, "65 sections"},
        {16, 3, 4, ERR_MODEL, "not at 192"},
        {16, 0xFFFFFFFF, 4, ERR_MODEL, "sections at offset 16"},
        {20, 1, 4, ERR_MODEL, "reserved"},
        {24, 1u << 20, 8, ERR_MODEL, "truncated"},
        {24, UINT64_MAX, 8, ERR_MODEL, "truncated"},
        {24, 100, 8, ERR_MODEL, "too many after the end at offset 100"},
        {40, 1, 8, ERR_MODEL, "reserved"},
        {ENTRY, 0, 8, ERR_MODEL, "section 1 has no valid name"},
        {ENTRY, 0x1b, 1, ERR_MODEL, "section 1 has no valid name"},
        {ENTRY + 15, 'x', 1, ERR_MODEL, "section 1 has no valid name"},
        {ENTRY + 16, 64, 8, ERR_MODEL, "\"bayes.1\" is at offset 64, not at"},
        {ENTRY + 16, UINT64_MAX - 63, 8, ERR_MODEL, "\"bayes.1\" is at offset"},
        {ENTRY + 24, UINT64_MAX, 8, ERR_MODEL, "ends past the file"},
        {ENTRY + 24, UINT64_MAX - 300, 8, ERR_MODEL, "ends past the file"},
        {ENTRY + 24, 101, 8, ERR_MODEL, "checksum of section \"bayes.1\" does not match"},
        {ENTRY + 32, 1, 8, ERR_MODEL, "checksum of section \"bayes.1\" does not match"},
        {64, 'x', 1, ERR_MODEL, "no section \"manifest\""},
    };
    uint8_t *p = aligned_alloc(BUNDLE_ALIGN, MAP_BYTES);
    for (size_t i = 0; i < sizeof LIES / sizeof *LIES; i++) {
        memset(p, 0, MAP_BYTES);
        memcpy(p, good, good_bytes);
        lie(p, LIES[i].at, LIES[i].value, LIES[i].bytes);
        struct bundle b;
        char why[BUNDLE_FAULT_BYTES] = "";
        enum err e = bundle_parse(span_of(p, good_bytes), "x", FEATURES, &b, why);
        if (e != LIES[i].want || !strstr(why, LIES[i].says)) fail_msg("lie %zu: error %d, \"%s\"", i, e, why);
    }
    /* Twice the same name; a section's last byte cut off with the size made to agree. */
    memcpy(p, good, good_bytes);
    memcpy(p + ENTRY + 80, p + ENTRY, 16);
    lie(p, 20, 0, 4);
    struct bundle b;
    char why[BUNDLE_FAULT_BYTES];
    assert_int_equal(bundle_parse(span_of(p, good_bytes), "x", FEATURES, &b, why), ERR_MODEL);
    assert_non_null(strstr(why, "\"bayes.1\" is there twice"));
    memcpy(p, good, good_bytes);
    lie(p, 24, good_bytes - 1, 8);
    assert_int_equal(bundle_parse(span_of(p, good_bytes - 1), "x", FEATURES, &b, why), ERR_MODEL);
    assert_non_null(strstr(why, "\"net\""));
    memcpy(p, good, good_bytes);
    p[good_bytes] = 0;
    lie(p, 24, good_bytes + 1, 8);
    assert_int_equal(bundle_parse(span_of(p, good_bytes + 1), "x", FEATURES, &b, why), ERR_MODEL);
    assert_non_null(strstr(why, "the last section ends at offset"));
    free(p);
}

static void a_bad_manifest_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {"a", "a=b", "=b\n", "A=b\n", "a b=c\n", "a=\x1b[2J\n", "a=\xE5\n", "a=b\n\n"};
    uint8_t *p = aligned_alloc(BUNDLE_ALIGN, MAP_BYTES);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct manifest m = {.text = strdup(BAD[i]), .n = strlen(BAD[i])};
        char why[BUNDLE_FAULT_BYTES], file[128];
        snprintf(file, sizeof file, "%s/bad", folder);
        assert_int_equal(bundle_write(file, FEATURES, &m, NULL, 0, NULL, why), ERR_OK);
        struct bundle b;
        assert_int_equal(bundle_open(file, FEATURES, &b, why), ERR_MODEL);
        assert_non_null(strstr(why, "manifest line"));
        manifest_close(&m);
        unlink(file);
    }
    free(p);
}

static void what_is_no_bundle_is_refused(void **state)
{
    (void)state;
    struct bundle b;
    char why[BUNDLE_FAULT_BYTES], file[128];
    assert_int_equal(bundle_open("/nonexistent/x.bundle", FEATURES, &b, why), ERR_IO);
    assert_non_null(strstr(why, "/nonexistent/x.bundle: cannot open: No such file"));
    assert_int_equal(bundle_open(folder, FEATURES, &b, why), ERR_IO);
    assert_non_null(strstr(why, "is a directory"));
    snprintf(file, sizeof file, "%s/fifo\n", folder);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_equal(bundle_open(file, FEATURES, &b, why), ERR_IO);
    assert_non_null(strstr(why, "fifo?: is not a regular file"));
    unlink(file);

    static const struct {
        const char *bytes;
        size_t n;
        const char *says;
    } FILES[] = {
        {"", 0, "empty"},
        {"From nobody\n", 12, "not a model bundle"},
        {"\211FUR", 4, "truncated"},
        {"\211FURUI\n\n the carriage return was lost in a transfer in text mode ............", 72,
         "not a model bundle"},
    };
    snprintf(file, sizeof file, "%s/file", folder);
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        spill(file, FILES[i].bytes, FILES[i].n);
        assert_int_equal(bundle_open(file, FEATURES, &b, why), ERR_MODEL);
        assert_non_null(strstr(why, FILES[i].says));
    }
    uint8_t longer[MAP_BYTES];
    memcpy(longer, good, good_bytes);
    memcpy(longer + good_bytes, "junk", 4);
    spill(file, longer, good_bytes + 4);
    assert_int_equal(bundle_open(file, FEATURES, &b, why), ERR_MODEL);
    assert_non_null(strstr(why, "4 bytes too many"));
    unlink(file);

    assert_int_equal(bundle_open(path, FEATURES + 1, &b, why), ERR_VERSION);
    assert_int_equal(bundle_open(path, BUNDLE_ANY_FEATURES, &b, why), ERR_OK);
    bundle_close(&b);
    char *endless = calloc(1, 5000);
    memset(endless, 'x', 4999);
    assert_int_equal(bundle_open(endless, FEATURES, &b, why), ERR_IO);
    assert_non_null(strstr(why, "File name too long"));
    free(endless);
}

/* A write that fails halfway (the file size limit stands for a full disk) leaves the old bundle and nothing else. */
static void a_failed_write_leaves_the_old_one(void **state)
{
    (void)state;
    char why[BUNDLE_FAULT_BYTES], file[128];
    int before = files_in_folder();
    struct rlimit old, low;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 0; limit < good_bytes; limit += 50) {
        low = (struct rlimit){limit, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
        enum err e = write_example(path, "2099-12-31", NULL, why);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(e, ERR_IO);
        assert_non_null(strstr(why, "x.bundle: cannot write: File too large"));
        assert_int_equal(files_in_folder(), before);
        uint8_t bytes[MAP_BYTES];
        assert_int_equal(slurp(path, bytes), good_bytes);
        assert_memory_equal(bytes, good, good_bytes);
    }
    assert_int_equal(write_example(folder, "2099-12-31", NULL, why), ERR_IO);
    assert_non_null(strstr(why, "something that is not a file"));
    snprintf(file, sizeof file, "%s/no/such/x", folder);
    assert_int_equal(write_example(file, "2099-12-31", NULL, why), ERR_IO);
    assert_non_null(strstr(why, "No such file or directory"));
    assert_int_equal(files_in_folder(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(each_flipped_byte_is_refused),
        cmocka_unit_test(each_cut_is_refused),
        cmocka_unit_test(a_lying_header_is_refused),
        cmocka_unit_test(a_bad_manifest_is_refused),
        cmocka_unit_test(what_is_no_bundle_is_refused),
        cmocka_unit_test(a_failed_write_leaves_the_old_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
