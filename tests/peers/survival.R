# What R says of the panels in survival_rows.csv: R 4.2.2, survival 3.5-3, etm 1.1.1.
#     Rscript survival.R > survival_values.csv
suppressPackageStartupMessages({ library(survival); library(etm) })
rows <- read.csv("survival_rows.csv")
cat("panel,what,time,value\n")
say <- function(panel, what, time, value) {
  for (k in seq_along(value))
    cat(sprintf("%s,%s,%s,%s\n", panel, what, format(time[k]), format(value[k], digits = 17)))
}
for (name in unique(rows$panel)) {
  d <- rows[rows$panel == name, ]
  late <- any(d$entry > 0)
  d$event <- d$cause == 1
  surv <- if (late) Surv(d$entry, d$exit, d$event) else Surv(d$exit, d$event)
  for (type in c("plain", "log", "log-log")) {
    fit <- survfit(surv ~ 1, conf.type = type)
    say(name, paste0("low ", type), fit$time, fit$lower)
    say(name, paste0("high ", type), fit$time, fit$upper)
  }
  s <- summary(fit, times = fit$time, extend = TRUE)
  say(name, "at_risk", fit$time, fit$n.risk)
  say(name, "survival", fit$time, s$surv)
  say(name, "std_error", fit$time, s$std.err)
  robust <- summary(survfit(surv ~ 1, cluster = d$cluster, robust = TRUE), times = fit$time, extend = TRUE)
  say(name, "robust std_error", fit$time, robust$std.err)
  horizon <- max(d$exit) - 0.5
  mean <- survival:::survmean(fit, rmean = horizon)$matrix
  say(name, "mean", horizon, mean["rmean"])
  say(name, "mean_std_error", horizon, mean["se(rmean)"])
  say(name, "median", 0, summary(fit)$table["median"])
  if (any(d$cause > 1)) {
    causes <- factor(d$cause, 0:max(d$cause))
    msurv <- if (late) Surv(d$entry, d$exit, causes) else Surv(d$exit, causes)
    multi <- survfit(msurv ~ 1, id = seq_len(nrow(d)))
    # survfit of 3.5-3 takes no notice of clusters where there are several causes: their jackknife is the derivative by the
    # weight of each cluster, here by differences of the fourth order.
    shares <- function(cluster, step) {
      weights <- ifelse(d$cluster == cluster, 1 + step, 1)
      survfit(msurv ~ 1, id = seq_len(nrow(d)), weights = weights)$pstate
    }
    h <- 1e-3
    adds <- lapply(unique(d$cluster), function(cluster) {
      (shares(cluster, -2 * h) - 8 * shares(cluster, -h) + 8 * shares(cluster, h) - shares(cluster, 2 * h)) / (12 * h)
    })
    clustered <- sqrt(Reduce(`+`, lapply(adds, function(add) add^2)))
    for (cause in seq_len(max(d$cause))) {
      say(name, paste0("cif ", cause), multi$time, matrix(multi$pstate, ncol = nlevels(causes))[, cause + 1])
      say(name, paste0("jackknife cif_std_error ", cause), multi$time, matrix(multi$std.err, ncol = nlevels(causes))[, cause + 1])
      say(name, paste0("robust cif_std_error ", cause), multi$time, matrix(clustered, ncol = nlevels(causes))[, cause + 1])
    }
    # etm wants an entry before the exit of each; those from the start have 0.
    fit <- etmCIF(Surv(entry, exit, cause != 0) ~ 1, d, etype = cause)[[1]]
    for (cause in seq_len(max(d$cause))) {
      at <- paste("0", cause)
      say(name, paste0("etm cif ", cause), fit$time, fit$est["0", as.character(cause), ])
      say(name, paste0("etm cif_std_error ", cause), fit$time, sqrt(fit$cov[at, at, ]))
    }
  }
  if (any(d$event)) {
    groups <- factor(d$group)
    if (!late) {
      test <- survdiff(surv ~ groups)
      say(name, "log-rank expected", sort(unique(d$group)), test$exp)
      say(name, "log-rank chi2", length(test$n) - 1, test$chisq)
    }
    # The score test with exact ties has the hypergeometric variance; that with Breslow's and clusters is Lin and Wei's.
    exact <- try(coxph(surv ~ groups, ties = "exact", iter.max = 0), silent = TRUE)
    if (!inherits(exact, "try-error")) say(name, "exact score", nlevels(groups) - 1, exact$score)
    robust <- coxph(surv ~ groups + cluster(d$cluster), ties = "breslow")
    say(name, "robust score", nlevels(groups) - 1, robust$rscore)
  }
}
