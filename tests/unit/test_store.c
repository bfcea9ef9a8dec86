/* SPDX-License-Identifier: Apache-2.0 */
/* test_store: one server with a port: password, user of an ACL, TLS with all that can be wrong with a certificate. */
#include "proto/store/store.h"

#include "tests/unit/redis_farm.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

/* --- certificates ------------------------------------------------------------------------------------------------- */

struct pair {
    X509 *cert;
    EVP_PKEY *key;
};

static void extend(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(e);
    X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
}

/* Signed by `by`, or by itself; for these names, valid from now for so many seconds; in NAME.crt and NAME.key. */
static struct pair make(const char *name, const struct pair *by, const char *names, long from_s, long to_s)
{
    struct pair p = {X509_new(), EVP_EC_gen("P-256")};
    static long serial;
    char file[64];
    X509_set_version(p.cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(p.cert), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(p.cert), from_s);
    X509_gmtime_adj(X509_getm_notAfter(p.cert), to_s);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(p.cert), "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0);
    X509_set_issuer_name(p.cert, X509_get_subject_name(by ? by->cert : p.cert));
    X509_set_pubkey(p.cert, p.key);
    if (by)
        extend(p.cert, NID_subject_alt_name, names);
    else
        extend(p.cert, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(p.cert, by ? by->key : p.key, EVP_sha256()) > 0);
    snprintf(file, sizeof file, "%s.crt", name);
    FILE *f = fopen(farm_path(file), "w");
    PEM_write_X509(f, p.cert);
    fclose(f);
    snprintf(file, sizeof file, "%s.key", name);
    f = fopen(farm_path(file), "w");
    PEM_write_PrivateKey(f, p.key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    return p;
}

static void unmake(struct pair *p)
{
    X509_free(p->cert);
    EVP_PKEY_free(p->key);
}

static const char *file_of(const char *name, const char *text)
{
    const char *path = farm_path(name);
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    return path;
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static const char *where_of(const char *host, int i)
{
    static char where[64];
    snprintf(where, sizeof where, "tcp:%s:%d", host, farm[i].port);
    return where;
}

/* It serves, or says why not. */
static void tries(const struct store_options *o, const char *why)
{
    struct store *s;
    assert_int_equal(store_open(o, &s), ERR_OK);
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; !store_up(s) && !*store_why(s);) {
        assert_true(clock_us() < until_us);
        store_pump(s);
        store_wait(s, 1000);
    }
    if (!why && !store_up(s)) fail_msg("%s", store_why(s));
    if (why && !strstr(store_why(s), why)) fail_msg("'%s' is not why: '%s'", why, store_why(s));
    if (!why) {
        static char large[300000]; /* many records of TLS, and writes that a socket does not take at once */
        memset(large, 'x', sizeof large);
        span set[] = {SPAN("SET"), SPAN("k"), span_of(large, sizeof large)}, get[] = {SPAN("GET"), SPAN("k")};
        struct store_reply r = farm_ask(s, set[1], set, 3);
        assert_int_equal(r.v[0].kind, STORE_TEXT);
        r = farm_ask(s, set[1], get, 2);
        assert_true(span_eq(r.v[0].text, set[2]));
    }
    assert_int_equal(store_up(s), !why);
    store_close(s);
}

static void passwords(void **state)
{
    (void)state;
    farm_start(0,
               (const char *[]){"--requirepass", "open sesame", "--user", "robot", "on", ">beep", "~*", "+@all", NULL});
    const char *where = where_of("127.0.0.1", 0);
    const char *good = file_of("good", "open sesame\nremarks\n"), *bad = file_of("bad", "open\r\n");
    const char *robot = file_of("robot", "beep");
    tries(&(struct store_options){.where = where}, "NOAUTH");
    tries(&(struct store_options){.where = where, .password_file = good}, NULL);
    tries(&(struct store_options){.where = where, .password_file = bad}, "WRONGPASS");
    tries(&(struct store_options){.where = where, .user = "robot", .password_file = robot}, NULL);
    tries(&(struct store_options){.where = where, .user = "robot", .password_file = good}, "WRONGPASS");
}

static void files_are_named(void **state)
{
    (void)state;
    farm_start(0, NULL);
    char why[STORE_WHY_MAX] = "";
    struct store *s;
    struct store_options o = {.where = "tcp:127.0.0.1:1", .fault_out = why};
    o.password_file = farm_path("nowhere");
    assert_int_equal(store_open(&o, &s), ERR_IO);
    assert_non_null(strstr(why, "nowhere: No such file"));
    o.password_file = file_of("empty", "\nsecond\n");
    assert_int_equal(store_open(&o, &s), ERR_SYNTAX);
    assert_non_null(strstr(why, "empty: its first line is no password"));
    o.password_file = NULL;
    o.tls = true;
    o.tls_ca = farm_path("nowhere");
    assert_int_equal(store_open(&o, &s), ERR_IO);
    assert_non_null(strstr(why, "tls_ca: "));
    o.tls_ca = NULL;
    o.tls_cert = o.tls_key = file_of("junk", "no certificate\n");
    assert_int_equal(store_open(&o, &s), ERR_IO);
    assert_non_null(strstr(why, "tls_cert: "));
}

static void tls(void **state)
{
    (void)state;
    enum { GOOD, OLD, STRANGE, PLAIN, SENTINEL };
    char port[GOOD + 3][8], file[3][2][128];
    static const char *const NAMES[] = {"server", "old", "strange"};
    farm_start(PLAIN, NULL);
    struct pair ca = make("ca", NULL, NULL, -60, 3600), other = make("other", NULL, NULL, -60, 3600);
    struct pair made[] = {make("server", &ca, "DNS:redis.example,DNS:localhost,IP:127.0.0.1", -60, 3600),
                          make("old", &ca, "IP:127.0.0.1", -7200, -3600),
                          make("strange", &other, "IP:127.0.0.1", -60, 3600), make("client", &ca, "DNS:us", -60, 3600)};
    const char *trust = farm_path("ca.crt");
    for (int i = GOOD; i <= STRANGE; i++) {
        farm[i].port = farm_free_port();
        snprintf(port[i], sizeof port[i], "%d", farm[i].port);
        snprintf(file[i][0], sizeof file[i][0], "%s/%s.crt", farm_dir, NAMES[i]);
        snprintf(file[i][1], sizeof file[i][1], "%s/%s.key", farm_dir, NAMES[i]);
        farm_start(i, (const char *[]){"--port", "0", "--tls-port", port[i], "--tls-cert-file", file[i][0],
                                       "--tls-key-file", file[i][1], "--tls-ca-cert-file", trust, "--tls-auth-clients",
                                       i == GOOD ? "yes" : "no", NULL});
    }
    char cert[128], key[128], ca_file[128];
    snprintf(cert, sizeof cert, "%s/client.crt", farm_dir);
    snprintf(key, sizeof key, "%s/client.key", farm_dir);
    snprintf(ca_file, sizeof ca_file, "%s/ca.crt", farm_dir);
    struct store_options o = {.tls = true, .tls_ca = ca_file, .tls_cert = cert, .tls_key = key};
    o.where = where_of("127.0.0.1", GOOD);
    tries(&o, NULL);
    o.tls_name = "redis.example";
    tries(&o, NULL);
    o.tls_name = "redis.example.org";
    tries(&o, "hostname mismatch");
    o.tls_name = "127.0.0.2";
    tries(&o, "IP address mismatch");
    o.tls_name = NULL;
    o.where = where_of("localhost", GOOD);
    tries(&o, NULL);
    o.tls_cert = o.tls_key = NULL;
    tries(&o, "TLS: "); /* it wants ours */
    o.where = where_of("127.0.0.1", OLD);
    tries(&o, "expired");
    o.where = where_of("127.0.0.1", STRANGE);
    tries(&o, "certificate: ");
    o.tls_ca = NULL; /* the system's: none of ours */
    tries(&o, "certificate: ");
    o.where = where_of("127.0.0.1", PLAIN);
    tries(&o, "");                                                           /* speaks no TLS */
    tries(&(struct store_options){.where = where_of("127.0.0.1", OLD)}, ""); /* speaks nothing else */
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) unmake(&made[i]);
    unmake(&ca);
    unmake(&other);
}

static int clear(void **state)
{
    (void)state;
    farm_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(passwords, clear),
        cmocka_unit_test_teardown(files_are_named, clear),
        cmocka_unit_test_teardown(tls, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
