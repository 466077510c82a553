"""What lifelines 0.30.3, which wants pandas below 3, says of the panels in survival_rows.csv that nobody entered late.

python lifelines_values.py > lifelines_values.csv
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import restricted_mean_survival_time


def main() -> None:
    rows = pd.read_csv(Path(__file__).with_name("survival_rows.csv"))
    print("panel,what,time,value")
    for panel, of in rows.groupby("panel", sort=False):
        if of["entry"].any():
            continue
        event = of["cause"] == 1
        fit = KaplanMeierFitter().fit(of["exit"], event)
        for time, value in fit.survival_function_["KM_estimate"].items():
            print(panel, "survival", time, repr(float(value)), sep=",")
        for column, what in zip(fit.confidence_interval_, ("low log-log", "high log-log"), strict=True):
            for time, value in fit.confidence_interval_[column].items():
                print(panel, what, time, repr(float(value)), sep=",")
        print(panel, "median", 0, repr(float(fit.median_survival_time_)), sep=",")
        horizon = of["exit"].max() - 0.5
        print(panel, "mean", horizon, repr(float(restricted_mean_survival_time(fit, t=horizon))), sep=",")
        if event.any():
            test = multivariate_logrank_test(of["exit"], of["group"], event)
            print(panel, "log-rank chi2", test.degrees_of_freedom, repr(float(test.test_statistic)), sep=",")
            print(panel, "log-rank p", test.degrees_of_freedom, repr(float(test.p_value)), sep=",")


if __name__ == "__main__":
    main()
