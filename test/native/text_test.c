/* Names: what differs between two readers is refused. */
#include "text.h"

#include <string.h>

#include "calendar.h"
#include "harness.h"

#define NAME(text) xtls_text_is_name((const unsigned char *) (text), sizeof(text) - 1)
#define JID(text) xtls_text_is_bare_jid((const unsigned char *) (text), sizeof(text) - 1)

static void utf8(void)
{
    EXPECT(NAME("a"));
    EXPECT(NAME("j\xC3\xBAlia@capulet.example"));
    EXPECT(NAME("\xE2\x82\xAC"));
    EXPECT(NAME("\xF0\x9F\x8C\xB9"));
    EXPECT(NAME("\xF4\x8F\xBF\xBF"));
}

static void bad_utf8(void)
{
    EXPECT(!NAME(""));
    EXPECT(!NAME("a\0b"));
    EXPECT(!NAME("a\nb"));
    EXPECT(!NAME("\x7F"));
    EXPECT(!NAME("\x80"));
    EXPECT(!NAME("\xC0\xAF"));         /* overlong */
    EXPECT(!NAME("\xE0\x9F\xBF"));     /* overlong */
    EXPECT(!NAME("\xF0\x8F\xBF\xBF")); /* overlong */
    EXPECT(!NAME("\xED\xA0\x80"));     /* surrogate */
    EXPECT(!NAME("\xF4\x90\x80\x80")); /* beyond U+10FFFF */
    EXPECT(!NAME("\xF5\x80\x80\x80"));
    EXPECT(!NAME("a\xC3"));
    EXPECT(!NAME("a\xE2\x82"));
    EXPECT(!NAME("\xE2\x28\xA1"));
}

static void length(void)
{
    unsigned char long_name[XTLS_NAME_MAX + 1];

    memset(long_name, 'a', sizeof(long_name));
    EXPECT(xtls_text_is_name(long_name, XTLS_NAME_MAX));
    EXPECT(!xtls_text_is_name(long_name, XTLS_NAME_MAX + 1));
}

static void jids(void)
{
    EXPECT(JID("juliet@capulet.example"));
    EXPECT(JID("capulet.example"));
    EXPECT(!JID("juliet@capulet.example/balcony"));
    EXPECT(!JID("@capulet.example"));
    EXPECT(!JID("juliet@"));
    EXPECT(!JID("juliet@capulet@example"));
    EXPECT(!JID("juliet capulet"));
    EXPECT(!JID(""));
}

static void day(long long seconds, int year, int month, int date, int hour)
{
    struct tm time;

    xtls_calendar_split(seconds, &time);
    EXPECT_EQUAL(time.tm_year + 1900, year);
    EXPECT_EQUAL(time.tm_mon + 1, month);
    EXPECT_EQUAL(time.tm_mday, date);
    EXPECT_EQUAL(time.tm_hour, hour);
}

static void calendar(void)
{
    long long seconds;

    day(0, 1970, 1, 1, 0);
    day(-1, 1969, 12, 31, 23);
    day(951782400, 2000, 2, 29, 0);
    day(4107542399, 2100, 2, 28, 23);
    day(4107542400, 2100, 3, 1, 0);
    day(253402300799, 9999, 12, 31, 23);
    for (seconds = -86400LL * 400000; seconds < 86400LL * 400000; seconds += 86400LL * 97 + 3601) {
        struct tm ours, theirs;
        time_t there = (time_t) seconds;

        xtls_calendar_split(seconds, &ours);
        gmtime_r(&there, &theirs);
        EXPECT(ours.tm_year == theirs.tm_year && ours.tm_mon == theirs.tm_mon && ours.tm_mday == theirs.tm_mday &&
               ours.tm_hour == theirs.tm_hour && ours.tm_min == theirs.tm_min && ours.tm_sec == theirs.tm_sec);
    }
}

int main(void)
{
    run("accepts UTF-8 of one to four bytes", utf8);
    run("refuses overlong, cut, surrogate and control characters", bad_utf8);
    run("refuses names longer than a bare JID can be", length);
    run("tells a bare JID from a full one and from none", jids);
    run("splits time as the C library does", calendar);
    return verdict();
}
