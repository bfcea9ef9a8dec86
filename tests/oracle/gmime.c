/* SPDX-License-Identifier: Apache-2.0 */
/* gmime: how GMime 3.2 reads mail, for compare.py: the oracle.
 *
 * Used as its manual would have it: compliance loose, fallback charsets set, GMimeFilterWindows where a label says
 * ISO-8859. A text is read under its label by GMime's iconv; an invalid byte becomes U+FFFD, as WHATWG Encoding has
 * it. */
#include <errno.h>
#include <gmime/gmime.h>

#include "tests/oracle/dump.h"

static GMimeParserOptions *options;
static int numbers; /* parts of this mail so far */

void reader_open(void)
{
    static const char *charsets[] = {"utf-8", "windows-1252", "iso-8859-1", NULL};
    g_mime_init();
    options = g_mime_parser_options_new();
    g_mime_parser_options_set_address_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
    g_mime_parser_options_set_parameter_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
    g_mime_parser_options_set_rfc2047_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
    g_mime_parser_options_set_fallback_charsets(options, charsets);
}

void reader_close(void)
{
    g_mime_parser_options_free(options);
    g_mime_shutdown();
}

static span of(const char *s)
{
    return s ? span_cstr(s) : SPAN_NONE;
}

/* --- text -------------------------------------------------------------------------------------------------------- */

/* ISO-8859 that holds Windows' characters is a Windows charset. */
static const char *real_charset(const char *charset, GByteArray *bytes)
{
    if (!bytes->len || g_ascii_strncasecmp(charset, "iso-8859-", 9) != 0) return charset;
    GMimeStream *null = g_mime_stream_null_new(), *stream = g_mime_stream_filter_new(null);
    GMimeFilter *filter = g_mime_filter_windows_new(charset);
    g_mime_stream_filter_add((GMimeStreamFilter *)stream, filter);
    g_mime_stream_write(stream, (const char *)bytes->data, bytes->len);
    g_mime_stream_flush(stream);
    const char *real = g_intern_string(g_mime_filter_windows_real_charset((GMimeFilterWindows *)filter));
    g_object_unref(filter);
    g_object_unref(stream);
    g_object_unref(null);
    return real;
}

/* To UTF-8 by iconv; bytes that are invalid become U+FFFD. */
static enum label convert(iconv_t cd, GByteArray *bytes, GString *out)
{
    enum label label = LABEL_FINE;
    char *from = (char *)bytes->data, buf[4096];
    size_t left = bytes->len;
    while (left) {
        char *to = buf;
        size_t room = sizeof buf, got = iconv(cd, &from, &left, &to, &room);
        g_string_append_len(out, buf, (gssize)(sizeof buf - room));
        if (got != (size_t)-1 || errno == E2BIG) continue;
        g_string_append(out, "\xEF\xBF\xBD");
        label = LABEL_INVALID;
        from++, left--;
    }
    char *to = buf;
    size_t room = sizeof buf;
    iconv(cd, NULL, NULL, &to, &room);
    g_string_append_len(out, buf, (gssize)(sizeof buf - room));
    return label;
}

/* Without a label: the fallback charset with the fewest errors. */
static void give_up(GByteArray *bytes, GString *out)
{
    if (!bytes->len) return;
    char *text = g_mime_utils_decode_8bit(options, (const char *)bytes->data, bytes->len);
    g_string_append(out, text);
    g_free(text);
}

static enum label decode(const char *charset, GByteArray *bytes, GString *out)
{
    enum label label = LABEL_NONE;
    if (charset && *charset) {
        iconv_t cd = g_mime_iconv_open("utf-8", real_charset(charset, bytes));
        if (cd != (iconv_t)-1) {
            label = convert(cd, bytes, out);
            g_mime_iconv_close(cd);
            return label;
        }
        label = LABEL_UNKNOWN;
    }
    give_up(bytes, out);
    return label;
}

/* --- parts ------------------------------------------------------------------------------------------------------- */

static const char *encoding_word(GMimePart *part)
{
    switch (g_mime_part_get_content_encoding(part)) {
    case GMIME_CONTENT_ENCODING_BASE64: return "base64";
    case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE: return "qp";
    case GMIME_CONTENT_ENCODING_UUENCODE: return "uuencode";
    default: return "7bit";
    }
}

static void dump_leaf_of(GMimePart *part, int number, const char *charset, bool is_text)
{
    GMimeStream *stream = g_mime_stream_mem_new();
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (content) g_mime_data_wrapper_write_to_stream(content, stream);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
    GString *text = g_string_new(NULL), *second = g_string_new(NULL);
    enum label label = is_text ? decode(charset, bytes, text) : LABEL_NONE;
    if (label == LABEL_INVALID) give_up(bytes, second);
    dump_leaf(&(struct dump_leaf){
        .number = number,
        .encoding = encoding_word(part),
        .label = label,
        .bytes = span_of(bytes->data, bytes->len),
        .text = span_of(text->str, text->len),
        .second = span_of(second->str, second->len),
        .is_text = is_text,
    });
    g_string_free(second, TRUE);
    g_string_free(text, TRUE);
    g_object_unref(stream);
}

static void dump_object(GMimeObject *object, int parent)
{
    int number = numbers++;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    char *major = g_ascii_strdown(g_mime_content_type_get_media_type(type), -1);
    char *minor = g_ascii_strdown(g_mime_content_type_get_media_subtype(type), -1);
    const char *charset = g_mime_content_type_get_parameter(type, "charset");
    const char *name = g_mime_object_get_content_disposition_parameter(object, "filename");
    if (!name) name = g_mime_content_type_get_parameter(type, "name");
    char *lower = charset ? g_ascii_strdown(charset, -1) : NULL;
    dump_part(&(struct dump_part){
        .number = number,
        .parent = parent,
        .type = of(major),
        .subtype = of(minor),
        .charset = of(lower),
        .name = of(name),
    });
    if (GMIME_IS_MULTIPART(object)) {
        int n = g_mime_multipart_get_count((GMimeMultipart *)object);
        for (int i = 0; i < n; i++) dump_object(g_mime_multipart_get_part((GMimeMultipart *)object, i), number);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *inner = g_mime_message_part_get_message((GMimeMessagePart *)object);
        GMimeObject *root = inner ? g_mime_message_get_mime_part(inner) : NULL;
        if (root) dump_object(root, number);
    } else if (GMIME_IS_PART(object)) {
        dump_leaf_of((GMimePart *)object, number, charset, strcmp(major, "text") == 0);
    }
    g_free(lower);
    g_free(major);
    g_free(minor);
}

/* --- mails ------------------------------------------------------------------------------------------------------- */

static gint by_offset(gconstpointer a, gconstpointer b)
{
    gint64 x = g_mime_header_get_offset(*(GMimeHeader *const *)a),
           y = g_mime_header_get_offset(*(GMimeHeader *const *)b);
    return (x > y) - (x < y);
}

static void gather(GPtrArray *out, GMimeObject *object)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(object);
    for (int i = 0; i < g_mime_header_list_get_count(list); i++)
        g_ptr_array_add(out, g_mime_header_list_get_header_at(list, i));
}

/* GMime gives Content-* to the message's part and the rest to the message: put back into one header. */
static void dump_headers(GMimeMessage *message, GMimeObject *root)
{
    GPtrArray *all = g_ptr_array_new();
    gather(all, (GMimeObject *)message);
    if (root) gather(all, root);
    g_ptr_array_sort(all, by_offset);
    for (guint i = 0; i < all->len; i++) {
        GMimeHeader *h = all->pdata[i];
        dump_header(of(g_mime_header_get_name(h)), of(g_mime_header_get_value(h)), of(g_mime_header_get_raw_value(h)));
    }
    g_ptr_array_free(all, TRUE);
}

/* mbox's line before the header is not GMime's to read: in that format a line of the text that begins with "From "
 * would end the mail. */
static span without_mbox_line(span raw)
{
    if (!span_istarts(raw, SPAN("From "))) return raw;
    return span_from(raw, span_find(raw, '\n') + 1);
}

void reader_dump(span raw)
{
    raw = without_mbox_line(raw);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)raw.p, raw.n);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, options);
    numbers = 0;
    if (message) {
        GMimeObject *root = g_mime_message_get_mime_part(message);
        dump_headers(message, root);
        if (root) dump_object(root, -1);
        g_object_unref(message);
    } else {
        dump_note("no message");
    }
    g_object_unref(parser);
    g_object_unref(stream);
}
