/* From the host's milliseconds to dates; stands in for libc's time and gmtime_r (mbedtls_config.h). */
#include "calendar.h"

#include <string.h>

#include "host.h"
#include "mbedtls/platform_time.h"
#include "mbedtls/platform_util.h"

time_t xtls_time(time_t *output)
{
    time_t now = (time_t) (xtls_host_time() / 1000);

    if (output != NULL) {
        *output = now;
    }
    return now;
}

mbedtls_ms_time_t mbedtls_ms_time(void)
{
    return (mbedtls_ms_time_t) xtls_host_time();
}

struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *seconds, struct tm *output)
{
    xtls_calendar_split(*seconds, output);
    return output;
}

/*
 * Years are counted from 1 March, so that the leap day comes last, and in eras of
 * 400 years, which all have 146097 days.
 */
static void split_date(long long days, struct tm *output)
{
    long long shifted = days + 719468; /* since 0000-03-01 */
    long long era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int day = (int) (shifted - era * 146097);
    int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int day_of_year = day - (365 * year + year / 4 - year / 100);
    int month = (5 * day_of_year + 2) / 153; /* 0: March */

    output->tm_mday = day_of_year - (153 * month + 2) / 5 + 1;
    output->tm_mon = month < 10 ? month + 2 : month - 10;
    output->tm_year = (int) (year + era * 400) + (month >= 10) - 1900;
}

void xtls_calendar_split(long long seconds, struct tm *output)
{
    long long days = (seconds >= 0 ? seconds : seconds - (XTLS_DAY - 1)) / XTLS_DAY;
    int rest = (int) (seconds - days * XTLS_DAY);

    memset(output, 0, sizeof(*output));
    split_date(days, output);
    output->tm_hour = rest / 3600;
    output->tm_min = rest / 60 % 60;
    output->tm_sec = rest % 60;
}
