#include "plot.h"
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 960, HEIGHT = 540, LEFT = 80, RIGHT = 300, TOP = 50, BOTTOM = 60, TICKS = 5 };

static const char *const colours[ROUTER_COUNT] = {
    "#0b6e4f", "#56a3a6", "#3d5a98", "#d1495b", "#edae49", "#8d6a9f", "#7f7f7f", "#b08968", "#222222",
};

static double across(double share) {
  return LEFT + share * (WIDTH - LEFT - RIGHT);
}

static double up(double share) {
  return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, so that TICKS of them reach the value. */
static double tick(double value) {
  double unit = pow(10, floor(log10(value / TICKS)));
  if (value <= unit * TICKS)
    return unit;
  return value <= 2 * unit * TICKS ? 2 * unit : value <= 5 * unit * TICKS ? 5 * unit : 10 * unit;
}

static void draw_axes(FILE *file, double top) {
  fprintf(file, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"none\" stroke=\"#444\"/>\n",
          across(0), up(1), across(1) - across(0), up(0) - up(1));
  for (int i = 0; i <= TICKS; i++) {
    double share = (double)i / TICKS;
    fprintf(file, "<path d=\"M%g %gH%g\" stroke=\"#ddd\"/>\n", across(0), up(share), across(1));
    fprintf(file, "<text x=\"%g\" y=\"%g\" text-anchor=\"end\">%.0f</text>\n", across(0) - 8, up(share) + 4,
            share * top);
    fprintf(file, "<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">%.0f</text>\n", across(share), up(0) + 20,
            share * RACE_PAYMENTS);
  }
  fprintf(file, "<text x=\"%g\" y=\"%d\" text-anchor=\"middle\">payments</text>\n", across(0.5), HEIGHT - 15);
  fprintf(file,
          "<text transform=\"translate(20 %g) rotate(-90)\" text-anchor=\"middle\">approvals lost against "
          "the oracle</text>\n",
          up(0.5));
}

static void draw_curve(FILE *file, const struct race *race, enum router_kind kind, double top) {
  fprintf(file, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" d=\"M%g %g", colours[kind],
          kind == ROUTER_LEARNED ? "3" : "1.5", across(0), up(0));
  for (int i = 0; i < RACE_POINTS; i++)
    fprintf(file, " L%.1f %.1f", across((i + 1.0) / RACE_POINTS), up(race->curve[kind][i] / top));
  fprintf(file, "\"/>\n");
  double y = TOP + 12 + 22.0 * kind;
  fprintf(file, "<path d=\"M%g %gh24\" stroke=\"%s\" stroke-width=\"3\"/>\n", across(1) + 16, y,
          colours[kind]);
  const char *name = router_name(kind);
  fprintf(file, "<text x=\"%g\" y=\"%g\">%s</text>\n", across(1) + 48, y + 4, name + strspn(name, " "));
}

void plot_race(const char *path, const struct race *race) {
  double most = 1;
  for (enum router_kind kind = 0; kind < ROUTER_COUNT; kind++)
    most = fmax(most, race->curve[kind][RACE_POINTS - 1]);
  double top = TICKS * tick(most);
  FILE *file = fopen(path, "we");
  if (file == NULL)
    give_up("cannot write the plot");
  fprintf(file,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
          "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
          "<text x=\"%d\" y=\"28\" font-size=\"16\">Regret so far, mean of %d worlds</text>\n",
          WIDTH, HEIGHT, LEFT, SEEDS);
  draw_axes(file, top);
  for (enum router_kind kind = ROUTER_COUNT; kind-- > 0;)
    draw_curve(file, race, kind, top);
  fprintf(file, "</svg>\n");
  if (ferror(file) || fclose(file) != 0)
    give_up("cannot write the plot");
}
